import { conformance } from "./conformance.ts";

await conformance("exim single");
