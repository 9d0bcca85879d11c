import { describeEndurance } from "./describe-endurance.ts";
import { subjects } from "./subject.ts";

describeEndurance(subjects.opensmtpd);
