// The lab's one door: tests, the demo and benches import from here.
export type { EximLayout } from "./exim-mx.ts";
export {
  defaultFleet,
  eximHost,
  type HostRole,
  type HostSpec,
  mixedFleet,
  mxHost,
  opensmtpdHost,
  sendmailHost,
} from "./host-spec.ts";
export { type Lab, labAttach } from "./lab.ts";
export { labDown } from "./lab-down.ts";
export { LabError } from "./lab-error.ts";
export type { LabHost } from "./lab-host.ts";
export type { Injection, LabSender } from "./lab-sender.ts";
export type { ArrivedMessage, LabSink } from "./lab-sink.ts";
export { type LabOptions, labUp } from "./lab-up.ts";
export { submissionLogin } from "./postfix-mx.ts";
export { secondInstancePort } from "./postfix-relay.ts";
export { labDomain, outsideDomain } from "./role-setup.ts";
export type { CommandOptions, CommandResult } from "./run-command.ts";
export type { SendmailLayout } from "./sendmail-mx.ts";
