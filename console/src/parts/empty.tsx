import Box from "@cloudscape-design/components/box";
import type { ReactNode } from "react";

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}

/** What a list without entries shows in their place. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <Box textAlign="center">
      <Box variant="strong">{title}</Box>
      <Box color="text-body-secondary">{children}</Box>
    </Box>
  );
}
