import type { EndpointId, GatewayId } from "./ids.ts";
import type { SessionKey, SessionList, SessionQuery } from "./live-session.ts";

/** What the server may ask a gateway, by kind, and what it is answered. Every kind is asked and answered as JSON. */
export interface GatewayQuestions {
  /** Which sessions live. */
  readonly sessions: { readonly asked: SessionQuery; readonly answered: SessionList };
  /** End one session. */
  readonly end_session: {
    readonly asked: { readonly endpoint: EndpointId; readonly session: SessionKey };
    readonly answered: { readonly ended: boolean };
  };
}

export type QuestionKind = keyof GatewayQuestions;
export type Asked<Kind extends QuestionKind> = GatewayQuestions[Kind]["asked"];
export type Answered<Kind extends QuestionKind> = GatewayQuestions[Kind]["answered"];

/** A question on its way: one of the kinds with what it asks. */
export type GatewayQuestion = {
  readonly [Kind in QuestionKind]: { readonly kind: Kind } & Asked<Kind>;
}[QuestionKind];

/** What a gateway sends back. */
export type GatewayAnswer =
  | { readonly answer: Answered<QuestionKind> }
  /** Why there is none, for people. */
  | { readonly failure: string };

/** Longest text of a failure, in characters. */
export const longestFailure = 1_000;
/** Most sessions that one question may ask for. */
export const mostSessionsAsked = 1_000;

/** What the gateways said together. */
export interface Replies<Kind extends QuestionKind> {
  readonly answers: readonly Answered<Kind>[];
  /** Gateways that are known and did not answer, each with the reason. */
  readonly missing: readonly { readonly gateway: GatewayId; readonly reason: string }[];
}

/** How the API asks the gateways. */
export interface QuestionAsker {
  /**
   * Asks all gateways that carry endpoints.
   * @throws PosternError gateway_unavailable where none of them answers
   */
  askAll<Kind extends QuestionKind>(kind: Kind, asked: Asked<Kind>): Promise<Replies<Kind>>;
}
