export { agentScript, agentVersion, buildAgent, buildQueuePart, driverNames } from "./build-agent.ts";
export { type EnrolmentOptions, enrolmentScript } from "./enrolment-script.ts";
