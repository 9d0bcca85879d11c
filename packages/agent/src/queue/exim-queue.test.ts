import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { QueuePartHost } from "../queue-part-host.ts";
import { shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const spool = `${host.scratch.config}/spool`;
afterAll(() => host.scratch.remove());

// what it does to the spool: a message that is in `locked` is passed over
host.tool(
  "exim4",
  `case $1 in
-bP) printf 'spool_directory = %s\\nlog_file_path = \\n/etc/exim.conf\\n' "${spool}"; exit ;;
esac
from=. to=
case $1 in -qG*) from=./\${1#-qG}; shift ;; esac
case $1 in -MG) to=./$2; shift ;; esac
act=$1
shift
cd "${spool}" || exit
for id; do
  ! grep -q "$id" "${host.scratch.config}/locked" || continue
  for head in $from/input/$id-H $from/input/?/$id-H; do
    [ -f "$head" ] || continue
    case $act in
    -Mrm) rm "\${head%H}D" "$head" ;;
    -Mt) sed '/^-frozen/d' "$head" >frozen && mv frozen "$head" ;;
    *) place=$to/\${head#"$from"/}; mkdir -p "\${place%/*}"; mv "\${head%H}D" "$head" "\${place%/*}" ;;
    esac
  done
done`,
);
const asExim = `QUEUE_JOB=J1 QUEUE_RAMP=0 QUEUE_ALL=0 QUEUE_NICE= QUEUE_LIMIT=60 CF=/etc/exim.conf
export QUEUE_JOB
driver_of fake:/x`;

const ids = Array.from({ length: 7 }, (_, index) => `1xUqo${index}-00000${index}-00`);
const [plain = "", split = "", frozen = "", admins = "", braked = "", locked = "", left = ""] = ids;

function put(folder: string, id: string, lines: readonly string[] = []): void {
  mkdirSync(`${spool}/${folder}`, { recursive: true });
  const head = [`${id}-H`, "Debian-exim 101 104", "<a@lab.example>", "1700000000 0", "-helo_name x", ...lines, "XX"];
  writeFileSync(`${spool}/${folder}/${id}-H`, `${[...head, "1", "b@lab.example", "", ""].join("\n")}`);
  writeFileSync(`${spool}/${folder}/${id}-D`, `${id}-D\ntext\n`);
}
const where = () =>
  readdirSync(spool, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("-H") && existsSync(`${spool}/${path.slice(0, -1)}D`))
    .map((path) => path.slice(0, -2))
    .sort();

beforeEach(() => {
  rmSync(spool, { recursive: true, force: true });
  writeFileSync(`${host.scratch.config}/locked`, `${locked}\n`);
  put("input", plain);
  put("input/1", split);
  put("input", frozen, ["-frozen 1700000100"]);
  put("slow/input", admins);
  put("mailbrake+B1/input/4", braked);
  put("input/5", locked);
});

describe("queued mail of Exim", () => {
  it.each(shellsAndAwks)(
    "is held, released and put back, and what came of it is seen, under $shell and $awk",
    async (one) => {
      const act = (action: string) =>
        `printf '%s\\n' ${ids.join(" ")} | exim_queue_act "$CF" ${action} >&3; exim_queue_settle "$CF" ${action}; echo . >&3`;
      const run = await host.run(
        `${asExim}
QUEUE_WANT=reason
exim_queue_stream "$CF" | cut -f 1-3,6-10 | sort -r >&3
${act("hold")}
find "${spool}" -name '*-H' | sort >&3; echo . >&3
printf '%s\\n' ${plain} ${braked} | exim_queue_unhold "$CF"; exim_queue_settle "$CF" hold
find "${spool}" -name '*-H' | sort >&3; echo . >&3
exim_queue_try() { :; }
QUEUE_RAMP=1
${act("release")}`,
        one,
      );
      expect(run.standardError).toBe("");
      const results = run.lines.join("\n").replaceAll(`${spool}/`, "").replaceAll("-H", "").split("\n.\n");
      const held = ["-", "-", "admin", "-", "B1", "-"];
      const stream = held.map((by, n) =>
        [ids[n], by === "-" ? "deferred" : "hold", by, ...["-", "a@lab.example", "1", "b@lab.example", "-"]].join("\t"),
      );
      expect(results.map((lines) => lines.split("\n"))).toEqual([
        stream.reverse(),
        [
          ...[`done ${plain}`, `done ${split}`, `done ${frozen}`, `failed ${admins} in the queue slow of the admin`],
          ...[`done ${braked}`, `failed ${locked} it is being delivered`, `gone ${left}`],
        ],
        [
          ...[
            `input/${frozen}`,
            `input/5/${locked}`,
            `mailbrake+B1+J1/input/4/${braked}`,
            `mailbrake+J1/input/1/${split}`,
          ],
          ...[`mailbrake+J1/input/${plain}`, `slow/input/${admins}`],
        ],
        [
          ...[`input/${plain}`, `input/${frozen}`, `input/5/${locked}`, `mailbrake+B1/input/4/${braked}`],
          ...[`mailbrake+J1/input/1/${split}`, `slow/input/${admins}`],
        ],
        [
          ...[`done ${plain}`, `done ${split}`, `done ${frozen}`, `done ${admins}`, `done ${braked}`],
          ...[`done ${locked}`, `gone ${left}`, "."],
        ],
      ]);
      expect(where()).toHaveLength(6);
      expect(readdirSync(spool).sort()).toEqual(["input", "slow"]);
    },
  );

  it.each(shellsAndAwks)("is deleted once a backup has it, and comes back once, under $shell and $awk", async (one) => {
    const named = `printf '%s\\n' ${ids.join(" ")}`;
    const run = await host.run(
      `${asExim}
${named} | exim_queue_backup "$CF" "$MB_TEST_CONFIG/tar" >"$MB_TMP/results"; cat "$MB_TMP/results" >&3; echo . >&3
tar -tf "$MB_TEST_CONFIG/tar" | sort >&3; echo . >&3
sed -n 's/^done //p' "$MB_TMP/results" | exim_queue_act "$CF" delete >&3; echo . >&3
exim_queue_settle "$CF" delete
find "${spool}" -name '*-H' | sort >&3; echo . >&3
QUEUE_JOB=J2
rm -f "$MB_TEST_CONFIG/map"
exim_queue_restore "$CF" "$MB_TEST_CONFIG/tar" "$MB_TEST_CONFIG/map" >&3
QUEUE_JOB=J3
exim_queue_restore "$CF" "$MB_TEST_CONFIG/tar" "$MB_TEST_CONFIG/map" >&3`,
      one,
    );
    expect(run.standardError).toBe("");
    const saved = [plain, split, frozen, braked];
    const [told, inside, deleted, rest, restored] = run.lines
      .join("\n")
      .replaceAll(`${spool}/`, "")
      .split("\n.\n")
      .map((lines) => lines.split("\n"));
    expect(told).toEqual([
      ...saved.slice(0, 3).map((id) => `done ${id}`),
      `failed ${admins} in the queue slow of the admin`,
      ...[`done ${braked}`, `failed ${locked} it is being delivered`, `gone ${left}`],
    ]);
    expect(inside).toEqual(
      [`+B1+J1/input/4/${braked}`, `+J1/input/1/${split}`, `+J1/input/${plain}`, `+J1/input/${frozen}`].flatMap(
        (path) => [`mailbrake${path}-D`, `mailbrake${path}-H`],
      ),
    );
    expect(deleted).toEqual(saved.map((id) => `done ${id}`));
    expect(rest).toEqual([`input/5/${locked}-H`, `slow/input/${admins}-H`]);
    expect(restored?.sort()).toEqual([...saved.map((id) => `done ${id}`), ...saved.map((id) => `gone ${id}`)]);
    expect(where().filter((path) => path.startsWith("mailbrake+J2/"))).toHaveLength(4);
    expect(where()).toHaveLength(6);
  });
});
