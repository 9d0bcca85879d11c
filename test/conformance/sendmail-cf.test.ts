import { conformance } from "./conformance.ts";

await conformance("sendmail cf");
