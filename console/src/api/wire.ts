/** What pages call the answers that they read; all of them are generated from the API's description. */
export type { Session as SessionInfo } from "./generated.ts";
