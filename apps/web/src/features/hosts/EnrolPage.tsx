import { SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useWhyNotRole } from "../access/use-session.ts";
import { EnrolByCommand } from "./EnrolByCommand.tsx";
import { EnrolBySsh } from "./EnrolBySsh.tsx";

type Way = "command" | "ssh";

export function EnrolPage() {
  const whyNotRole = useWhyNotRole("admin");
  const [way, setWay] = useState<Way>("command");
  return (
    <>
      <PageHeader
        title="Enrol a host"
        above={<Link to="/hosts">Hosts</Link>}
        below="Puts the agent on a mail host and lets Mailbrake reach it, by a key that can only brake."
      />
      {whyNotRole !== null ? (
        <Notice>{whyNotRole}</Notice>
      ) : (
        <>
          <SegmentedControl
            aria-label="How to enrol"
            value={way}
            onChange={(value) => setWay(value as Way)}
            data={[
              { value: "command", label: "By a command" },
              { value: "ssh", label: "By SSH" },
            ]}
          />
          <div style={{ marginTop: 14, maxWidth: 760 }}>{way === "command" ? <EnrolByCommand /> : <EnrolBySsh />}</div>
        </>
      )}
    </>
  );
}
