export { agentScript, agentVersion, buildAgent, driverNames } from "./build-agent.ts";
export { type EnrolmentOptions, enrolmentScript } from "./enrolment-script.ts";
