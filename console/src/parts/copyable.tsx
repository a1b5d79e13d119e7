import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import { texts } from "../texts/en.ts";

interface CopyableProps {
  readonly text: string;
  /** What it is, for whoever does not see it: "IPv4 address". */
  readonly what: string;
}

/** A text with a button that copies it. */
export function Copyable({ text, what }: CopyableProps) {
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      copyButtonAriaLabel={texts.copy.copy(what)}
      copySuccessText={texts.copy.copied}
      copyErrorText={texts.copy.failed}
    />
  );
}
