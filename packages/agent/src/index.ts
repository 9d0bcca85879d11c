export { agentScript, agentVersion, buildAgent } from "./build-agent.ts";
export { type EnrolmentOptions, enrolmentScript } from "./enrolment-script.ts";
