import { mostSessionsAsked, type GatewayQuestion } from "../domain/gateway-question.ts";
import type { Engine } from "./engine.ts";

/**
 * Works out the answer to a question of the server.
 * @throws what the engine throws; Error for a kind of question that this version does not know
 */
export async function answerQuestion(
  engine: Pick<Engine, "sessions" | "end">,
  question: GatewayQuestion,
): Promise<object> {
  switch (question.kind) {
    case "sessions": {
      const limit = Math.min(question.limit, mostSessionsAsked);
      return engine.sessions({ ...question, limit });
    }
    case "end_session":
      return { ended: await engine.end(question.endpoint, question.session) };
    default:
      throw new Error(
        "this gateway is of an earlier version than the server, and does not know the question",
      );
  }
}
