import type { Clock } from "../lib/clock.ts";
import { verifyPassword } from "../lib/secrets.ts";
import { ApiGatewayError } from "./errors.ts";
import { PosternError } from "../domain/errors.ts";
import { FailureLock } from "./failure-lock.ts";

/** A check takes tens of milliseconds of CPU, and anybody may ask for one. */
const atOnceLimit = 16;

/** Checks passwords, so that guessing and flooding stay slow. */
export class PasswordCheck {
  readonly #lock: FailureLock;
  #running = 0;

  constructor(clock: Clock) {
    this.#lock = new FailureLock(clock);
  }

  /**
   * @param name whose password it is; locked for 5 minutes after more than 5 failures in a row
   * @param onLock called where this failure locks the name
   * @param hash undefined where there is nobody of that name: takes as long and says the same
   * @throws PosternError credentials_wrong
   * @throws ApiGatewayError 429 APIGW.0308 where too many are checked already
   */
  async check(
    name: string,
    password: string,
    hash: string | undefined,
    onLock: () => Promise<void>,
  ): Promise<void> {
    if (this.#lock.isLocked(name)) {
      throw new PosternError(
        "credentials_wrong",
        "Too many attempts in a row failed, so this user cannot sign in with a password for now. Wait 5 minutes.",
      );
    }
    if (this.#running >= atOnceLimit) {
      throw new ApiGatewayError(
        429,
        "APIGW.0308",
        "The throttling threshold has been reached: sign-ins at once",
      );
    }
    this.#running += 1;
    try {
      if (await verifyPassword(password, hash)) {
        this.#lock.succeeded(name);
        return;
      }
    } finally {
      this.#running -= 1;
    }
    if (this.#lock.failed(name)) await onLock();
    throw new PosternError("credentials_wrong", "The username or password is wrong.");
  }
}
