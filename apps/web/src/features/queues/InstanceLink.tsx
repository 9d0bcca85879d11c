import { HostLink } from "../../ui/HostLink.tsx";

/** Whether the host of an instance can be asked now. */
export function InstanceLink({ connected }: { connected: boolean }) {
  return (
    <HostLink
      link={connected ? "connected" : "unreachable"}
      detail={connected ? "" : "its queues can't be read now; what it was told to do goes on there"}
      nextAttemptAt={null}
      lastSeenAt={null}
    />
  );
}
