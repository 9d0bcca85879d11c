import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { QueuePartHost } from "../queue-part-host.ts";
import { awks, shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const spool = `${host.scratch.config}/spool`;
afterAll(() => host.scratch.remove());

// it notes what it is told; an id in `known` it shows, and one in `inflight` as being delivered
host.tool(
  "smtpctl",
  `echo "$*" >>"${spool}/said"
case $1$2 in
showqueue) grep "$3" "${spool}/known"; grep -q "$3" "${spool}/inflight" && echo "$3|inet4|mta|suspend|x@y|inflight|5|" ;;
showstatus) cat "${spool}/status" ;;
esac
:`,
);
const asOpensmtpd = `MB_TEST_SPOOL=${spool}
opensmtpd_facts() { OSD_PID=1; }
QUEUE_JOB=J1 QUEUE_RAMP=0 QUEUE_ALL=0 QUEUE_NICE= QUEUE_LIMIT=60 CF=/etc/smtpd.conf
export QUEUE_JOB
driver_of fake:/x`;

/** A message with an envelope for each of these. */
function put(id: string, envelopes: readonly Record<string, string>[]): void {
  const folder = `${spool}/queue/${id.slice(0, 2)}/${id}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/message`, "Subject: about it\n\ntext\n");
  envelopes.forEach((envelope, index) => {
    const lines = Object.entries({ version: "3", type: "mta", ctime: "1700000000", ...envelope });
    const text = lines.map(([key, value]) => `${key}: ${value}\n`).join("");
    writeFileSync(`${folder}/${id}${String(index).padStart(8, "0")}`, text, "latin1");
  });
}
const folders = () =>
  readdirSync(spool, { recursive: true, encoding: "utf8" })
    .filter((path) => /\/[0-9a-f]{8}$/.test(path))
    .sort();
const said = `grep -v "^show" "${spool}/said" | sort >&3; : >"${spool}/said"`;

beforeEach(() => {
  rmSync(spool, { recursive: true, force: true });
  mkdirSync(`${spool}/queue`, { recursive: true });
  for (const name of ["said", "known", "inflight"]) writeFileSync(`${spool}/${name}`, "");
  writeFileSync(`${spool}/status`, "MDA running\nMTA running\n");
  const from = { sender: "Alice@Good.example", sockaddr: "192.0.2.7", errorline: "no \u00e9\tway" };
  put("0a000001", [
    { ...from, dest: "a@lab.example" },
    { ...from, dest: "b c@x.example" },
  ]);
  put("0a000002", [{ sender: "@", sockaddr: "[2001:db8::7]", dest: "$(id)@x.example" }]);
  put("0b000003", [{ sender: "x@y.example", sockaddr: "local", dest: "d@x.example" }]);
  put("0b000004", [{ type: "bounce", sender: "me@here.example", dest: "d@x.example" }]);
});

describe("the spool of OpenSMTPD", () => {
  it.each(shellsAndAwks)("is told under $shell and $awk", async (shellAndAwk) => {
    const bulk = { sender: "l@y.example", sockaddr: "local", dest: "u@big.example" };
    put("0c000005", Array(600).fill(bulk));
    const run = await host.run(
      `${asOpensmtpd}
echo 0b000003 | opensmtpd_queue_act "$CF" hold >&3
opensmtpd_queue_stream "$CF" | sort >&3
opensmtpd_queue_counts "$CF" bytes | sort >&3
opensmtpd_queue_show "$CF" 0b000003 >&3
echo junk >"${spool}/queue/0a/0a000002/0a00000200000000"
opensmtpd_queue_stream "$CF" | tail -n 1 >&3`,
      shellAndAwk,
    );
    expect(run.standardError).toBe("");
    const [done, end, ...rest] = run.lines;
    expect([done, end]).toEqual(["done 0b000003", "."]);
    const stream = rest.slice(0, 5).map((line) => line.split("\t"));
    // the answers of a run are read as UTF-8
    expect(
      stream.map(([id, queue, held, size, arrived, ...more]) => [id, queue, held, Number(size) > 50, arrived, ...more]),
    ).toEqual([
      [
        "0a000001",
        "deferred",
        "-",
        true,
        "1700000000",
        "192.0.2.7",
        "Alice@Good.example",
        "2",
        "a@lab.example b?c@x.example",
        "no \ufffd?way",
      ],
      ["0a000002", "deferred", "-", true, "1700000000", "2001:db8::7", "<>", "1", "$(id)@x.example", "-"],
      ["0b000003", "hold", "J1", true, "1700000000", "-", "x@y.example", "1", "d@x.example", "-"],
      ["0b000004", "deferred", "-", true, "1700000000", "-", "<>", "1", "me@here.example", "-"],
      [
        "0c000005",
        "deferred",
        "-",
        true,
        "1700000000",
        "-",
        "l@y.example",
        "600",
        Array(600).fill("u@big.example").join(" "),
        "-",
      ],
    ]);
    const bytes = stream.map(([, , , size]) => Number(size));
    const held = bytes[2] ?? 0;
    expect(rest.slice(5, 7)).toEqual([
      `deferred 4 ${bytes.reduce((sum, size) => sum + size, 0) - held}`,
      `hold 1 ${held}`,
    ]);
    expect(rest.slice(7, 9)).toEqual(["Subject: about it", "text"]);
    expect(rest[9]).toContain("!\t1 envelopes can not be read");
  });
});

describe("queued mail of OpenSMTPD", () => {
  it.each(shellsAndAwks)(
    "is held, released and deleted, and what came of it is seen, under $shell and $awk",
    async (shellAndAwk) => {
      writeFileSync(`${spool}/inflight`, "0b000004\n");
      const act = (action: string, ...ids: string[]) =>
        `printf '%s\\n' ${ids.join(" ")} | opensmtpd_queue_act "$CF" ${action} >&3; ${said}; echo . >&3`;
      const run = await host.run(
        `${asOpensmtpd}
${act("hold", "0a000001", "0a000002", "0b000004", "0f000009")}
QUEUE_JOB=J2
${act("hold", "0a000001")}
${act("flush", "0a000001", "0b000003")}
${act("delete", "0a000002", "0b000003")}
echo 0a000001 | opensmtpd_queue_unhold "$CF"; ls "${spool}/mailbrake-held" >&3; echo . >&3
${act("release", "0a000001")}
echo "MTA paused" >"${spool}/status"
opensmtpd_queue_can "$CF" flush || echo "$FAIL_CODE $FAIL_FIELD" >&3`,
        shellAndAwk,
      );
      expect(run.standardError).toBe("");
      const three = (words: string) => Array(3).fill(`${words} 0b000004`).join("\n");
      expect(run.lines.join("\n").split("\n.\n")).toEqual([
        `done 0a000001\ndone 0a000002\nfailed 0b000004 it is being delivered\ngone 0f000009
pause envelope 0a000001\npause envelope 0a000002\n${three("pause envelope")}
remove 0a000001\nremove 0a000002\n${three("resume envelope")}`,
        "done 0a000001",
        "failed 0a000001 held: release it\ndone 0b000003\nschedule 0b000003",
        "done 0a000002\nfailed 0b000003 no longer held",
        "J1",
        "done 0a000001\ndiscover 0a000001",
        "cannot action",
      ]);
      expect(folders()).toEqual(["queue/0a/0a000001", "queue/0b/0b000003", "queue/0b/0b000004"]);
    },
  );

  it.each(shellsAndAwks)("comes back from a backup, once, under $shell and $awk", async (shellAndAwk) => {
    const ids = "printf '%s\\n' 0a000001 0a000002 0b000003";
    const run = await host.run(
      `${asOpensmtpd}
${ids} | opensmtpd_queue_backup "$CF" "${spool}/tar" >&3
${ids} | opensmtpd_queue_act "$CF" delete >&3
QUEUE_JOB=J2
opensmtpd_queue_restore "$CF" "${spool}/tar" "${spool}/map" | sort >&3
opensmtpd_queue_restore "$CF" "${spool}/tar" "${spool}/map" | sort >&3
QUEUE_JOB=J3
opensmtpd_queue_restore "$CF" "${spool}/tar" "${spool}/map" | sort >&3`,
      shellAndAwk,
    );
    expect(run.standardError).toBe("");
    const told = (word: string) => ["0a000001", "0a000002", "0b000003"].map((id) => `${word} ${id}`);
    expect(run.lines).toEqual([...Array(4).fill(told("done")).flat(), ...told("gone")]);
    const back = ["0a000001", "0a000002", "0b000003"].map((id) => `mailbrake-held/J2/${id}`);
    expect(folders()).toEqual([...back, "queue/0b/0b000004"]);
    expect(readdirSync(spool).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

const day = "2026-11-20T15:00:0";
const from = "from=<loud@spam.example>";
const log = [
  "cut off smtp message msgid=0a000009",
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp connected address=192.0.2.7 host=c.example`,
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp message msgid=0a000001 size=356 nrcpt=2 proto=ESMTP`,
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp envelope evpid=0a00000111111111 ${from} to=<a@lab.example>`,
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp failed-command command="RCPT TO:<x@y>" result="550 Invalid recipient"`,
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp failed-command command="HELO" result="501 5.5.1 Invalid command"`,
  `${day}0+00:00 os smtpd[7]: 58248434aa4bb22d smtp disconnected reason=quit`,
  `${day}1+00:00 os smtpd[7]: 58248438dba5dfac smtp connected address=local host=os`,
  `${day}1+00:00 os smtpd[7]: 58248438dba5dfac smtp message msgid=0a000002 size=3 nrcpt=1 proto=ESMTP`,
  `${day}1+00:00 os smtpd[7]: 58248438dba5dfac smtp envelope evpid=0a00000211111111 from=<root@x.example> to=<root@x.example>`,
  `${day}2+00:00 os smtpd[7]: 0000000000000000 mta delivery evpid=0a00000111111111 ${from} to=<a@lab.example> rcpt=<-> source="-" relay="10.0.0.50" delay=2s result="TempFail" stat="Network error on destination MXs"`,
  `${day}3+00:00 os smtpd[7]: 0ca9824188fe97d0 mta delivery evpid=0a00000111111111 ${from} to=<a@lab.example> rcpt=<-> source="-" relay="10.0.0.50 (sink)" delay=3s result="Ok" stat="250 2.0.0 Ok"`,
  `${day}4+00:00 os smtpd[7]: 0ca9824188fe97d0 mta delivery evpid=0a00000122222222 ${from} to=<b@lab.example> rcpt=<-> source="-" relay="10.0.0.50 (sink)" delay=4s result="PermFail" stat="550 no"`,
  `${day}5+00:00 os smtpd[7]: 0ca982442bef4f20 mda delivery evpid=0a00000211111111 from=<root@x.example> to=<root@x.example> rcpt=<root@x.example> user=root delay=0s result=Ok stat=Delivered`,
];

describe("the log of OpenSMTPD", () => {
  it.each(Object.keys(awks))("is read under %s", async (awk) => {
    writeFileSync(`${spool}/log`, `${log.join("\n")}\n`);
    const run = await host.run(
      `fake_queue_log() { QUEUE_LOG=${spool}/log; }
fake_queue_logline() { opensmtpd_queue_logline; }
driver_of fake:/x
SURVEY_ID=1 SURVEY_ROWS=20
export SURVEY_ID SURVEY_ROWS
survey_log`,
      { awk },
    );
    expect(run.standardError).toBe("");
    const [rates, joined] = run.lines.map((line) => JSON.parse(line));
    expect(rates.rates).toMatchObject({ received: 2, delivered: 2, deferred: 1, bounced: 1, rejected: 1 });
    const loud = { sender: "loud@spam.example", client: "192.0.2.7", id: "0a000001" };
    expect(joined.joined).toMatchObject([
      { ...loud, recipient: "a@lab.example", status: "deferred", detail: "Network error on destination MXs" },
      { ...loud, recipient: "a@lab.example", status: "delivered", detail: "250 2.0.0 Ok" },
      { ...loud, recipient: "b@lab.example", status: "bounced", detail: "550 no" },
      { sender: "root@x.example", client: "", recipient: "root@x.example", status: "delivered", detail: "Delivered" },
    ]);
  });
});
