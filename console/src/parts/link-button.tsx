import Button, { type ButtonProps } from "@cloudscape-design/components/button";
import { useHref, useNavigate } from "react-router";
import type { ReactNode } from "react";

interface LinkButtonProps {
  /** Below `/console`. */
  readonly to: string;
  readonly variant?: ButtonProps.Variant;
  readonly children: ReactNode;
}

/** A link of the console that looks like a button. */
export function LinkButton({ to, variant = "normal", children }: LinkButtonProps) {
  const navigate = useNavigate();
  return (
    <Button
      variant={variant}
      href={useHref(to)}
      onFollow={(event) => {
        event.preventDefault();
        void navigate(to);
      }}
    >
      {children}
    </Button>
  );
}
