import type { EvidenceView } from "@mailbrake/contract";
import { Moment } from "../../ui/Moment.tsx";
import { Dialogue } from "./Dialogue.tsx";
import styles from "./EvidenceList.module.css";

const verdictWords = { "in-force": "Braked", open: "Open", inconclusive: "Inconclusive" } as const;
const kindWords = {
  dialogue: "SMTP dialogue",
  readback: "Read back from the host",
  status: "The host's status",
} as const;

/** What was seen, newest first; the newest dialogue stands open, the rest unfolds. */
export function EvidenceList({ evidence, hostName }: { evidence: readonly EvidenceView[]; hostName: string }) {
  if (evidence.length === 0) return null;
  const inOrder = [...evidence].sort((a, b) => b.takenAt.localeCompare(a.takenAt));
  const shown = inOrder.find(({ kind }) => kind === "dialogue") ?? inOrder[0];
  return (
    <div className={styles.list}>
      <h3 className="section-title">Evidence</h3>
      {inOrder.map((one) => (
        <details key={one.id} className={styles.evidence} open={one === shown}>
          <summary>
            <span className={styles.verdict} data-verdict={one.verdict}>
              {verdictWords[one.verdict]}
            </span>
            <span className={styles.summary}>{one.summary === "" ? kindWords[one.kind] : one.summary}</span>
            <span className="tiny dimmed">
              {kindWords[one.kind]}, <Moment at={one.takenAt} />
            </span>
          </summary>
          <EvidenceBody evidence={one} hostName={hostName} />
        </details>
      ))}
    </div>
  );
}

function EvidenceBody({ evidence, hostName }: { evidence: EvidenceView; hostName: string }) {
  return (
    <div className={styles.body}>
      {evidence.dialogue.length > 0 && <Dialogue lines={evidence.dialogue} hostName={hostName} />}
      {evidence.checked.map((check) => (
        <div key={check.what} className="small">
          <strong>{check.ok ? "Good" : "Not good"}:</strong> {check.what}
          {check.detail !== "" && <span className="dimmed"> ({check.detail})</span>}
        </div>
      ))}
      {evidence.readback.map((one) => (
        <div key={one.what} className={styles.readback}>
          <div className="tiny dimmed">{one.what}</div>
          <pre className={styles.value}>{one.value === "" ? "(empty)" : one.value}</pre>
        </div>
      ))}
    </div>
  );
}
