import type { HostSpec } from "../lab/index.ts";

/** A mail system that the suite tries, and what only a person who knows it can tell: where its mail waits. Shell text runs on its host as root. */
export interface Subject {
  /** Its heading in docs/mechanisms.md, and the first word of its tests. */
  title: string;
  /** Its host in a lab of its own, which has a sink beside it. */
  host: HostSpec;
  /** The instance, as `discover` names it. */
  instance: string;
  /** What must be byte for byte the same after a lift; shell patterns. */
  managed: readonly string[];
  /** Prints how many messages wait because of a hold. */
  countHeld: string;
  /** Prints how many messages wait, for whatever reason but a hold. */
  countQueued: string;
  /** Tries all that waits, as hard as a pause is said to bear. */
  flush: string;
  /** sendmail(1) of this instance. */
  sendmail: string;
  /** Run before a throttle is tried at a listener, where connections of the minute before count too: they are forgotten then. */
  forget?: string;
  /** Run once, before anything is asked of the agent. */
  prepare?: string;
  /** Tries what waits after the lift of a pause by something that knows of no queue. */
  afterPause?: string;
  /** Where people log in; 465 is TLS from the start. 587 unless told. */
  loginPort?: number;
  /** A second person who may log in, where mail without a login is refused on that port. */
  otherLogin?: { user: string; password: string };
}
