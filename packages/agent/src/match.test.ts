import { afterAll, expect, test } from "vitest";
import { awks, ScratchHost, shells } from "./scratch-host.ts";

const host = new ScratchHost();
afterAll(() => host.remove());

const valid = [
  "all",
  "client:192.0.2.1",
  "client:0.0.0.0/0",
  "client:10.0.0.0/8",
  "client:192.0.2.128/25",
  "client:192.0.2.1/32",
  "client:203.0.113.252/30",
  "client:2001:db8::1",
  "client:2001:db8::/32",
  "client:2001:db8:0:1::/64",
  "client:::1",
  "client:::",
  "client:::/0",
  "client:fe80::1:2:3:4",
  "client:1:2:3:4:5:6:7:8",
  "client:2001:0:0:1::2",
  "client:1:0:2:3:4:5:6:7",
  "helo:mail.example.org",
  "helo:WIN-ABC_1",
  "helo:[192.0.2.1]",
  "helo:[IPv6:2001:db8::1]",
  "sender:<>",
  "sender:a@example.org",
  "sender:a+b=c!#$%&'*/?^_`{|}~-@example.org",
  "sender:example.org",
  "sender:localhost",
  "sender:a@x--y.example",
  "recipient:a.b@example.org",
  "recipient:sub.example.org",
  "login:eva",
  "login:eva@example.org",
];

const invalid = [
  "",
  "ALL",
  "all:x",
  "client",
  "client:",
  "client:192.0.2",
  "client:192.0.2.1.5",
  "client:192.0.2.256",
  "client:192.0.02.1",
  "client:192.0.2.1/33",
  "client:192.0.2.1/",
  "client:192.0.2.1/08",
  "client:192.0.2.1/-1",
  "client:192.0.2.1/24/8",
  "client:192.0.2.-1",
  "client: 192.0.2.1",
  "client:2001:db8::1::2",
  "client:2001:db8:::1",
  "client:1:2:3:4:5:6:7",
  "client:1:2:3:4:5:6:7:8:9",
  "client:1:2:3:4:5:6:7::8",
  "client:12345::",
  "client:g::1",
  "client::1",
  "client:1:",
  "client:::ffff:192.0.2.1",
  "client:fe80::1%eth0",
  "client:2001:db8::/129",
  "client:example.org",
  "helo:",
  "helo:-x",
  "helo:a b",
  "helo:a..b",
  "helo:[192.0.2.1",
  "helo:[2001:db8::1]",
  "helo:$(id)",
  "sender:",
  "sender:a@",
  "sender:@example.org",
  "sender:a@b@c",
  "sender:a b@example.org",
  'sender:"a b"@example.org',
  "sender:.a@example.org",
  "sender:a..b@example.org",
  "sender:-a@example.org",
  "sender:example..org",
  "sender:-example.org",
  "sender:example-.org",
  "sender:exa_mple.org",
  "sender:192.0.2.1",
  `sender:${"a".repeat(65)}@example.org`,
  `sender:${"a".repeat(64)}.example`,
  "sender:é@example.org",
  "sender:<a@example.org>",
  "recipient:<>",
  "recipient:*",
  "login:",
  "login:-x",
  "login:a b",
  "login:a;b",
  "subject:x",
  "sender:a@example.org\nall",
];

// What the message tells to write instead.
const mended: Record<string, string> = {
  "client:10.0.0.1/8": "client:10.0.0.0/8",
  "client:192.0.2.200/25": "client:192.0.2.128/25",
  "client:203.0.113.255/30": "client:203.0.113.252/30",
  "client:1.2.3.4/0": "client:0.0.0.0/0",
  "client:2001:DB8::1": "client:2001:db8::1",
  "client:2001:db8:0:0:0:0:0:1": "client:2001:db8::1",
  "client:2001:0db8::1": "client:2001:db8::1",
  "client:2001:db8::1/64": "client:2001:db8::/64",
  "client:2001:db8:ffff::/33": "client:2001:db8:8000::/33",
  "client:2001:db8::0:0:1": "client:2001:db8::1",
  "client:1:0:0:2:0:0:0:3": "client:1:0:0:2::3",
  "client:0:0:0:1:0:0:0:1": "client:::1:0:0:0:1",
};

const program = `for value; do
  FAIL_MESSAGE=
  if match_check match "$value"; then say yes; else say "no $FAIL_CODE $FAIL_FIELD $FAIL_MESSAGE"; fi
done`;

const combinations = [
  ...Object.keys(shells).map((shell) => ({ shell, awk: "mawk" })),
  ...Object.keys(awks).map((awk) => ({ shell: "dash", awk })),
];

test.for(combinations)(
  "matches are taken or refused alike under $shell with $awk",
  { timeout: 60_000 },
  async ({ shell, awk }) => {
    const values = [
      ...valid,
      ...invalid.filter((value) => shell !== "yash" || !value.includes("é")),
      ...Object.keys(mended),
    ];
    const run = await host.runFunctions(program, { shell, awk }, values);
    expect(run.standardError).toBe("");
    const said = new Map(values.map((value, at) => [value, run.lines[at] ?? "nothing"]));
    for (const value of valid) expect([value, said.get(value)]).toEqual([value, "yes"]);
    for (const value of values.filter((one) => invalid.includes(one))) {
      expect([value, said.get(value)]).toEqual([
        value,
        expect.stringMatching(/^no (bad-value|too-long) match match: /),
      ]);
    }
    for (const [value, better] of Object.entries(mended)) {
      expect([value, said.get(value)]).toEqual([value, `no bad-value match match: write ${better}`]);
    }
  },
);
