import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import { Link } from "react-router";
import { texts } from "../texts/en.ts";

/** The page of addresses that are none. */
export function NotFoundPage() {
  return (
    <Box padding="xxl" textAlign="center">
      <Header variant="h1">{texts.notFound.title}</Header>
      <Link to="/clusters">{texts.notFound.back}</Link>
    </Box>
  );
}
