/**
 * For how long the kernel remembers a session that says nothing, in seconds, by the name of its state. A half-open
 * session holds its slot for 10 s, an idle one for an hour, as with the proxy engine. A port is not used again while a
 * server may still be in TIME_WAIT for it (60 s): its next connection would stall for a second.
 */
export const sessionTimeoutsS = {
  syn_sent: 10,
  syn_recv: 10,
  established: 3600,
  fin_wait: 20,
  close_wait: 60,
  last_ack: 20,
  time_wait: 60,
  close: 5,
} as const;

/** Numbers of the states of live sessions (uapi/linux/netfilter/nf_conntrack_tcp.h). */
const timeoutOfState: Readonly<Record<number, number>> = {
  1: sessionTimeoutsS.syn_sent,
  2: sessionTimeoutsS.syn_recv,
  3: sessionTimeoutsS.established,
  4: sessionTimeoutsS.fin_wait,
  5: sessionTimeoutsS.close_wait,
  6: sessionTimeoutsS.last_ack,
};
/** No session is remembered for longer than this while what was said is not acknowledged; the kernel does not tell which those are. */
const unacknowledgedS = 300;

/**
 * Returns for how long a session has been silent, in milliseconds, to a second; undefined where it cannot be told.
 * @param secondsLeft for how long the kernel would still wait for a packet
 */
export function idleMsOf(tcpState: number, secondsLeft: number | undefined): number | undefined {
  const full = timeoutOfState[tcpState];
  if (full === undefined || secondsLeft === undefined || secondsLeft > full) return undefined;
  if (full > unacknowledgedS && secondsLeft <= unacknowledgedS) return undefined;
  return (full - secondsLeft) * 1_000;
}
