import { doorStates, entryPointRoles } from "@mailbrake/contract";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import styles from "./BoardFilters.module.css";
import { type BoardSearch, parseBoardSearch } from "./board-search.ts";

/** Filters stand in the URL; an empty one isn't there. */
export function BoardFilters({ search }: { search: BoardSearch }) {
  const navigate = useNavigate();
  const change = (part: Record<string, string>) =>
    void navigate({
      to: "/",
      search: (before) => parseBoardSearch({ ...before, ...part }),
      replace: true,
      resetScroll: false,
    });
  const filtered = search.text !== undefined || search.role !== undefined || search.door !== undefined;
  return (
    <search className={styles.filters} aria-label="Filter entry points">
      <TextInput
        size="xs"
        aria-label="Filter by words"
        placeholder="Host, label, port…"
        type="search"
        value={search.text ?? ""}
        onChange={(event) => change({ text: event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        aria-label="Filter by role"
        value={search.role ?? ""}
        onChange={(event) => change({ role: event.currentTarget.value })}
        data={[{ value: "", label: "Every role" }, ...entryPointRoles.map((role) => ({ value: role, label: role }))]}
      />
      <NativeSelect
        size="xs"
        aria-label="Filter by state"
        value={search.door ?? ""}
        onChange={(event) => change({ door: event.currentTarget.value })}
        data={[{ value: "", label: "Every state" }, ...doorStates.map((door) => ({ value: door, label: door }))]}
      />
      {filtered && (
        <Button size="xs" variant="subtle" color="gray" onClick={() => change({ text: "", role: "", door: "" })}>
          Clear
        </Button>
      )}
    </search>
  );
}
