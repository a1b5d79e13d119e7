import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { texts } from "../texts/en.ts";

/** In the place of a page whose content is still on its way. */
export function Loading() {
  return (
    <Box padding="xxl" textAlign="center">
      <output>
        <Spinner /> {texts.loading}
      </output>
    </Box>
  );
}
