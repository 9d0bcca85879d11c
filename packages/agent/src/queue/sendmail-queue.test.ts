import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { QueuePartHost } from "../queue-part-host.ts";
import { awks, shellsAndAwks } from "../scratch-host.ts";

const host = new QueuePartHost();
const { config } = host.scratch;
afterAll(() => host.scratch.remove());

/** A spool with two queues by a pattern, one of them with folders of its own for each kind, a queue beside them, and the client queue. */
const queues = ["mqueue/q1", "mqueue/q2/qf", "mqueue/q2/df", "other", "client"];
mkdirSync(`${config}/mail`);
writeFileSync(
  `${config}/mail/sendmail.cf`,
  `O QueueDirectory=${config}/mqueue/q*\nQslow, F=f, P=${config}/other, R=2\n`,
);
writeFileSync(`${config}/mail/submit.cf`, `O QueueDirectory=${config}/client\n`);
// what it does to the spool with -Q: a message that is in `locked` is passed over
host.tool(
  "sendmail",
  `reason=- from=q ids=
for word; do case $word in -qQ) from=h ;; -qI*) ids="$ids \${word#-qI}" ;; -Q*) reason=\${word#-Q} ;; esac; done
[ "$reason" != - ] || exit 0
for id in $ids; do
  ! grep -q "$id" "${config}/locked" || continue
  for path in ${config}/mqueue/q1/\${from}f$id ${config}/mqueue/q2/qf/\${from}f$id ${config}/other/\${from}f$id ${config}/client/\${from}f$id; do
    [ -f "$path" ] || continue
    { sed 1q "$path"; [ -z "$reason" ] || echo "q$reason"; sed -e 1d -e '/^q/d' "$path"; } >"${config}/tf"
    rm "$path"
    if [ -z "$reason" ]; then to=qf; else to=hf; fi
    mv "${config}/tf" "\${path%/*}/$to$id"
  done
done`,
);
const asSendmail = `sendmail_facts() { SENDMAIL_CF=$1 SENDMAIL=sendmail SENDMAIL_VERSION=8.17.1.9; }
QUEUE_JOB=J1 QUEUE_RAMP=0 QUEUE_ALL=0 QUEUE_NICE= QUEUE_LIMIT=60 CF=$MB_TEST_CONFIG/mail/sendmail.cf
export QUEUE_JOB
driver_of fake:/x`;

function put(queue: string, id: string, lines: readonly string[], kind = "q", body = "text\n"): void {
  const apart = queue === "mqueue/q2";
  const text = [
    "V8",
    "T1700000000",
    "K0",
    ...lines,
    "H??Subject: about it",
    "\tand more",
    "H?P?Return-Path: <\u0081g>",
    ".",
  ];
  writeFileSync(`${config}/${queue}${apart ? "/qf" : ""}/${kind}f${id}`, `${text.join("\n")}\n`, "latin1");
  writeFileSync(`${config}/${queue}${apart ? "/df" : ""}/df${id}`, body);
}
const spool = () =>
  queues.flatMap((queue) =>
    readdirSync(`${config}/${queue}`)
      .filter((name) => /^[qhd]f./.test(name))
      .map((name) => `${queue}/${name}`),
  );
const reasonOf = (path: string) => /^q(.*)$/m.exec(readFileSync(`${config}/${path}`, "latin1"))?.[1];

beforeEach(() => {
  for (const queue of ["mqueue", "other", "client"]) rmSync(`${config}/${queue}`, { recursive: true, force: true });
  for (const queue of queues) mkdirSync(`${config}/${queue}`, { recursive: true });
  writeFileSync(`${config}/locked`, "");
  put("mqueue/q1", "6ALG0FOo000130", [
    "MDeferred: no \u00e9\tway",
    "$_c.example (may be forged) [192.0.2.7]",
    "S<Alice@Good.example>",
    "rRFC822; a@lab.example",
    "RPFD:<a@lab.example>",
    "RPFD:b c@x.example",
  ]);
  put("mqueue/q2", "6ALG0FOo000131", ["$_[IPv6:2001:db8::7]", "S<>", "RPFD:<$(id)@x.example>"], "q", "");
  put("other", "6ALG0FOo000132", ["qnot now", "$_root@localhost", "Sroot", "R:d"], "h");
  put(
    "mqueue/q1",
    "6ALG0FOo000133",
    ["qmailbrake+B1+=", "S<x@y.example>", ...Array(3000).fill("RPFD:<u@big.example>")],
    "h",
  );
  put("client", "6ALG0FOo000134", ["Sme", "RPFD:a@lab.example"]);
});

describe("the spool of Sendmail", () => {
  it.each(shellsAndAwks)("is told under $shell and $awk", async (shellAndAwk) => {
    const run = await host.run(
      `${asSendmail}
sendmail_queue_stream "$CF" >&3
sendmail_queue_counts "$CF" bytes | sort >&3
sendmail_queue_show "$CF" 6ALG0FOo000131 >&3; sendmail_queue_show "$CF" 6ALG0FOo000130 >&3`,
      shellAndAwk,
    );
    expect(run.standardError).toBe("");
    const stream = run.lines.slice(0, 5).map((line) => line.split("\t"));
    const of = new Map(stream.map(([id, , , size, ...rest]) => [id?.slice(-3), [Number(size) > 50, ...rest]]));
    const queue = stream.map(([id, name, held]) => `${id?.slice(-3)} ${name} ${held}`).sort();
    expect(queue).toEqual(["130 deferred -", "131 deferred -", "132 hold admin", "133 hold B1", "134 local -"]);
    const to = (client: string, sender: string, count: number, list: string, why: string) => [
      true,
      ...["1700000000", client, sender, String(count), list, why],
    ];
    // the answers of a run are read as UTF-8
    expect(of.get("130")).toEqual(
      to("192.0.2.7", "Alice@Good.example", 2, "a@lab.example b?c@x.example", "Deferred: no \ufffd?way"),
    );
    expect(of.get("131")).toEqual(to("2001:db8::7", "<>", 1, "$(id)@x.example", "-"));
    expect(of.get("132")).toEqual(to("-", "root", 1, "d", "quarantined: not now"));
    expect(of.get("133")?.slice(4)).toEqual(["3000", Array(3000).fill("u@big.example").join(" "), "-"]);
    expect(run.lines[5]).toBe(".");
    const bytes = (...names: string[]) =>
      names.reduce((sum, name) => sum + Number(stream.find(([id]) => id?.endsWith(name))?.[3]), 0);
    expect(run.lines.slice(6, 9)).toEqual([
      `deferred 2 ${bytes("130", "131")}`,
      `hold 2 ${bytes("132", "133")}`,
      `local 1 ${bytes("134")}`,
    ]);
    expect(run.lines.slice(9)).toEqual(["Subject: about it", "\tand more", "Subject: about it", "\tand more", "text"]);
  });
});

describe("queued mail of Sendmail", () => {
  it.each(shellsAndAwks)(
    "is held, released and deleted, and what came of it is seen, under $shell and $awk",
    async (shellAndAwk) => {
      // an id that is part of another's can't be told apart
      put("mqueue/q1", "6ALG0FOo00013456", ["Sme", "RPFD:a@lab.example"]);
      put("mqueue/q1", "6ALG0FOo000136", ["Sme", "RPFD:a@lab.example"]);
      writeFileSync(`${config}/locked`, "6ALG0FOo000136\n");
      const act = (action: string, ...ids: string[]) =>
        `printf '6ALG0FOo000%s\\n' ${ids.join(" ")} | sendmail_queue_act "$CF" ${action} >&3; echo . >&3`;
      const run = await host.run(
        `${asSendmail}
${act("hold", "130", "131", "132", "133", "134", "136", "139")}
${act("flush", "130", "139")}
${act("delete", "133", "136")}
QUEUE_JOB=J2
${act("hold", "130")}
printf '6ALG0FOo000%s\\n' 130 131 | sendmail_queue_unhold "$CF"
${act("release", "130", "132")}
sendmail_queue_can "$CF" bounce || echo "$FAIL_CODE $FAIL_FIELD" >&3`,
        shellAndAwk,
      );
      expect(run.standardError).toBe("");
      const results = run.lines.join("\n").replaceAll("6ALG0FOo000", "").split("\n.\n");
      expect(results).toEqual([
        "done 130\ndone 131\ndone 132\ndone 133\nfailed 134 its id is part of that of another message\nfailed 136 it is being delivered\ngone 139",
        "failed 130 held: release it\ngone 139",
        "done 133\nfailed 136 no longer held",
        "done 130",
        "done 130\ndone 132",
        "cannot action",
      ]);
      expect(spool().filter((path) => path.includes("133"))).toEqual([]);
      expect(reasonOf("mqueue/q2/qf/hf6ALG0FOo000131")).toBe("mailbrake+J1+=");
      expect(spool().filter((path) => path.includes("/hf"))).toEqual(["mqueue/q2/qf/hf6ALG0FOo000131"]);
    },
  );

  it.each(shellsAndAwks)("comes back from a backup, once, under $shell and $awk", async (shellAndAwk) => {
    const before = spool();
    const ids = "printf '6ALG0FOo000%s\\n' 130 131 132 133";
    const run = await host.run(
      `${asSendmail}
${ids} | sendmail_queue_backup "$CF" "$MB_TEST_CONFIG/tar" >&3
${ids} | sendmail_queue_act "$CF" delete >&3
QUEUE_JOB=J2
rm -f "$MB_TEST_CONFIG/map"
sendmail_queue_restore "$CF" "$MB_TEST_CONFIG/tar" "$MB_TEST_CONFIG/map" | sort >&3
sendmail_queue_restore "$CF" "$MB_TEST_CONFIG/tar" "$MB_TEST_CONFIG/map" | sort >&3
QUEUE_JOB=J3
sendmail_queue_restore "$CF" "$MB_TEST_CONFIG/tar" "$MB_TEST_CONFIG/map" | sort >&3`,
      shellAndAwk,
    );
    expect(run.standardError).toBe("");
    const told = (word: string) => [130, 131, 132, 133].map((id) => `${word} 6ALG0FOo000${id}`);
    expect(run.lines).toEqual([...Array(4).fill(told("done")).flat(), ...told("gone")]);
    expect(spool().sort()).toEqual(before.map((path) => path.replace(/qf(6ALG0FOo00013[01])$/, "hf$1")).sort());
    expect(reasonOf("mqueue/q1/hf6ALG0FOo000130")).toBe("mailbrake+J2+=");
    expect(reasonOf("other/hf6ALG0FOo000132")).toBe("not now");
    expect(readdirSync(`${config}/mqueue`)).toEqual(["q1", "q2"]);
  });
});

const day = "2026-11-20T15:00:0";
const log = [
  "cut off: to=<x@y>, stat=Sent",
  `${day}0+00:00 sm sm-mta[1]: 6ALG0FOo000130: from=<loud@spam.example>, size=38, class=0, nrcpts=4, msgid=<a, b=c@d>, proto=ESMTP, daemon=MTA-v4, relay=c.example (may be forged) [192.0.2.7]`,
  `${day}1+00:00 sm sm-mta[1]: 6ALG0FOo000131: from=<>, size=38, nrcpts=1, proto=ESMTP, daemon=MTA-v6, relay=[IPv6:2001:db8::7]`,
  `${day}2+00:00 sm sm-mta[2]: 6ALG0FOo000130: to=<b@lab.example>,<"q,r"@lab.example>, delay=00:00:02, mailer=relay, relay=sink [10.0.0.50], dsn=2.0.0, stat=Sent (OK, id=7)`,
  `${day}3+00:00 sm sm-mta[2]: 6ALG0FOo000130: to=<a@lab.example>, delay=00:00:03, relay=sink [10.0.0.50], dsn=4.4.1, stat=Deferred: Connection refused by sink`,
  `${day}3+00:00 sm sm-mta[2]: 6ALG0FOo000130: to=<c@lab.example>, delay=00:00:03, relay=sink [10.0.0.50], dsn=5.1.1, stat=User unknown`,
  `${day}3+00:00 sm sm-mta[2]: 6ALG0FOo000130: to=<d@lab.example>, delay=00:00:03, mailer=relay, stat=queued`,
  `${day}4+00:00 sm sm-mta[2]: 6ALG0FOo000131: 6ALG0FOo000139: return to sender: Cannot send message for 5 days`,
  `${day}5+00:00 sm sm-mta[1]: 6ALG0FOo000132: ruleset=check_rcpt, arg1=<a@b.example>, relay=[192.0.2.9], reject=550 5.7.1 <a@b.example>... Relaying denied`,
  `${day}5+00:00 sm sendmail[3]: 6ALG0FOo000133: from=root, size=3, nrcpts=1, relay=root@localhost`,
  `${day}5+00:00 sm sm-mta[1]: 6ALG0FOo000134: from=<root@x.example>, size=3, nrcpts=1, proto=ESMTP, daemon=MTA-v4, relay=localhost [127.0.0.1]`,
  `${day}5+00:00 sm sendmail[3]: 6ALG0FOo000133: to=e@lab.example, ctladdr=root (0/0), relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6ALG0FOo000134 Message accepted for delivery)`,
];

describe("the log of Sendmail", () => {
  it.each(Object.keys(awks))("is read under %s: local mail counts once", async (awk) => {
    writeFileSync(`${config}/log`, `${log.join("\n")}\n`);
    const run = await host.run(
      `fake_queue_log() { QUEUE_LOG=$MB_TEST_CONFIG/log; }
fake_queue_logline() { sendmail_queue_logline; }
driver_of fake:/x
SURVEY_ID=1 SURVEY_ROWS=20
export SURVEY_ID SURVEY_ROWS
survey_log`,
      { awk },
    );
    expect(run.standardError).toBe("");
    const [rates, joined] = run.lines.map((line) => JSON.parse(line));
    expect(rates.rates).toMatchObject({ received: 3, delivered: 2, deferred: 1, bounced: 2, rejected: 1 });
    const from = { sender: "loud@spam.example", client: "192.0.2.7", id: "6ALG0FOo000130" };
    expect(joined.joined).toMatchObject([
      { ...from, recipient: "b@lab.example", status: "delivered", detail: "Sent (OK, id=7)" },
      { ...from, recipient: '"q,r"@lab.example', status: "delivered" },
      { ...from, recipient: "a@lab.example", status: "deferred", detail: "Deferred: Connection refused by sink" },
      { ...from, recipient: "c@lab.example", status: "bounced", detail: "User unknown" },
    ]);
  });
});
