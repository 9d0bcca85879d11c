import { type HostView, type InstanceView, instanceViewSchema } from "@mailbrake/contract";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { hostQuery } from "../../api/queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { GuardedButton } from "../../ui/GuardedButton.tsx";
import panels from "../../ui/Panels.module.css";
import { useWhyNotRole } from "../access/use-session.ts";

/** A mail system of a host, and whether its hooks are in. */
export function InstanceRow({ instance, host }: { instance: InstanceView; host: HostView }) {
  const queryClient = useQueryClient();
  const whyNotRole = useWhyNotRole("admin");
  const [asking, setAsking] = useState(false);
  const verb = instance.armed ? "disarm" : "arm";
  const notConnected = host.link === "connected" ? null : "The host is not connected.";
  return (
    <div className={panels.row}>
      <div className={panels.grow}>
        <strong>
          {instance.mta} {instance.version}
        </strong>{" "}
        <code className="mono dimmed">{instance.configDir}</code>
        <div className="small dimmed">
          {instance.running ? "running" : "not running"} · {instance.hostname}
          {instance.domains.length > 0 && ` · for ${instance.domains.slice(0, 4).join(", ")}`}
          {instance.domains.length > 4 && ` and ${instance.domains.length - 4} more`}
        </div>
        <div className="small">
          {instance.armed
            ? "Armed: a brake changes data alone."
            : "Not armed: the first brake puts the hooks in, the last lift takes them out."}
        </div>
      </div>
      <GuardedButton variant="default" size="xs" whyNot={whyNotRole ?? notConnected} onClick={() => setAsking(true)}>
        {instance.armed ? "Disarm…" : "Arm…"}
      </GuardedButton>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={instance.armed ? `Disarm ${instance.mta} on ${host.name}?` : `Arm ${instance.mta} on ${host.name}?`}
        confirmLabel={instance.armed ? "Disarm the instance" : "Arm the instance"}
        onConfirm={async () => {
          await send("POST", `/api/instances/${instance.id}/${verb}`, {}, instanceViewSchema, { timeoutMs: 60_000 });
          await queryClient.invalidateQueries({ queryKey: hostQuery(host.id).queryKey });
          await queryClient.invalidateQueries({ queryKey: ["block-points"] });
        }}
      >
        <div className="small">
          {instance.armed ? (
            <>
              Takes Mailbrake's hooks out of the configuration in <code className="mono">{instance.configDir}</code> and
              reloads {instance.mta}. Refused while a brake stands here.
            </>
          ) : (
            <>
              Puts Mailbrake's hooks, with empty tables, into the configuration in{" "}
              <code className="mono">{instance.configDir}</code> and reloads {instance.mta}. No mail is stopped by it. A
              brake later changes data alone.
            </>
          )}
        </div>
      </ConfirmDialog>
    </div>
  );
}
