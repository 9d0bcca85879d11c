import type { EximLayout } from "./exim-mx.ts";
import type { LayerName } from "./layers.ts";
import type { SendmailLayout } from "./sendmail-mx.ts";

/** What a host does in the lab; `bare` has sshd, rsyslog and cron, and a mail server only as its layer left it: not started. */
export type HostRole = "mx" | "exim" | "sendmail" | "opensmtpd" | "relay" | "sender" | "sink" | "bare";

/** One host of a lab, before it is up. */
export interface HostSpec {
  /** a-z, 0-9 and -, at most 11 characters (it is part of a network link's name). */
  name: string;
  role: HostRole;
  layer: LayerName;
  /** Last octet of its address. */
  octet: number;
  /** Its `mynetworks`, in Postfix's syntax; by default loopback and the lab's network. */
  trustedNetworks?: string;
  /** `mx` only: also offer submission on port 587, with its own restrictions in master.cf. */
  submission?: boolean;
  /** `exim` only: how its configuration is kept; by default Debian's single file. */
  eximLayout?: EximLayout;
  /** `sendmail` only: how its configuration is kept; by default a sendmail.mc. */
  sendmailLayout?: SendmailLayout;
}

/** A Postfix host that takes mail for lab.example and passes it on to the sink. */
export function mxHost(name: string, octet: number, more: Partial<HostSpec> = {}): HostSpec {
  return { name, role: "mx", layer: "postfix", octet, ...more };
}

/** An Exim host that takes mail for lab.example, on ports 25 and 587, and passes it on to the sink. */
export function eximHost(name: string, octet: number, eximLayout: EximLayout, more: Partial<HostSpec> = {}): HostSpec {
  return { name, role: "exim", layer: "exim", octet, eximLayout, ...more };
}

/** An OpenSMTPD host that takes mail for lab.example, on ports 25, 587 and 465, and passes it on to the sink. */
export function opensmtpdHost(name: string, octet: number, more: Partial<HostSpec> = {}): HostSpec {
  return { name, role: "opensmtpd", layer: "opensmtpd", octet, ...more };
}

/** A Sendmail host that takes mail for lab.example, on port 25 (and 587 on loopback), and passes it on to the sink. */
export function sendmailHost(name: string, octet: number, more: Partial<HostSpec> = {}): HostSpec {
  return { name, role: "sendmail", layer: "sendmail", octet, ...more };
}

/** mx1 and mx2, a relay with two Postfix instances, a sender outside that retries, and the sink where all mail ends. */
export function defaultFleet(): HostSpec[] {
  return [
    mxHost("mx1", 11, { submission: true }),
    mxHost("mx2", 12),
    { name: "relay", role: "relay", layer: "postfix", octet: 13 },
    { name: "sink", role: "sink", layer: "postfix", octet: 50 },
    { name: "sender", role: "sender", layer: "postfix", octet: 101 },
  ];
}

/** One mail server of each kind that takes the domain's mail, with a sender outside and the sink. */
export function mixedFleet(): HostSpec[] {
  return [
    mxHost("mx1", 11, { submission: true }),
    eximHost("mx2", 12, "split"),
    sendmailHost("relay", 13),
    opensmtpdHost("lists", 14),
    { name: "sink", role: "sink", layer: "postfix", octet: 50 },
    { name: "sender", role: "sender", layer: "postfix", octet: 101 },
  ];
}
