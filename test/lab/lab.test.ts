import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstProcess } from "./host-processes.ts";
import { type Lab, labAttach, labDown, labUp, mxHost, secondInstancePort, submissionLogin } from "./index.ts";
import { switchFolder } from "./lab-network.ts";
import { hostFolder } from "./lab-state.ts";
import { labTraces, namespacesOf } from "./lab-traces.ts";
import { runCommand } from "./run-command.ts";

/** Connects as an SMTP client and gives the banner; "silence" when nothing at all comes back within the limit. */
async function banner(address: string, port: number, limitMs: number, localAddress?: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = createConnection({ host: address, port, ...(localAddress ? { localAddress } : {}) });
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(limitMs, () => end("silence"));
    socket.once("data", (data) => end(data.toString()));
    socket.once("error", reject);
  });
}

async function ssh(lab: Lab, host: string, ...command: string[]): Promise<string> {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"];
  const login = `root@${lab.host(host).address}`;
  return (
    await runCommand([
      "ssh",
      "-i",
      lab.privateKeyPath,
      ...options.flatMap((option) => ["-o", option]),
      login,
      ...command,
    ])
  ).stdout;
}

describe("a lab that is up", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labUp();
  });
  afterAll(async () => {
    await lab?.down();
  });

  it("has Postfix on the mx hosts, the relay with its second instance, and the submission port", async () => {
    for (const [host, port] of [
      ["mx1", 25],
      ["mx1", 587],
      ["mx2", 25],
      ["relay", 25],
      ["relay", secondInstancePort],
    ] as const) {
      expect(await banner(lab.host(host).address, port, 5000)).toBe(`220 ${host}.lab.example ESMTP Postfix\r\n`);
    }
    const { stdout } = await lab.host("relay").exec(["postmulti", "-l"]);
    expect(stdout).toMatch(/^postfix-out\s+mta\s+y\s+\/etc\/postfix-out$/m);
  });

  it("trap: smtpd is in a chroot and SASL's passwords are not: people submit on mx1 with their password only", async () => {
    const speak = async (...lines: string[]): Promise<string> => {
      const script = "exec 3<>/dev/tcp/127.0.0.1/587 4<&0; cat <&4 >&3 & exec cat <&3";
      const input = ["EHLO home", ...lines, "MAIL FROM:<bob@lab.example>", "RCPT TO:<x@far.example>", "QUIT", ""].join(
        "\r\n",
      );
      return (await lab.host("mx1").exec(["bash", "-c", script], { input })).stdout;
    };
    const login = (password: string): string =>
      `AUTH PLAIN ${Buffer.from(`\0${submissionLogin.user}\0${password}`).toString("base64")}`;
    expect(await speak(login(submissionLogin.password))).toMatch(/^235 2\.7\.0 .*^250 2\.1\.5 Ok/ms);
    expect(await speak(login("wrong"))).toMatch(/^535 5\.7\.8 .*^554 5\.7\.1 <x@far\.example>/ms);
    expect(await speak()).toMatch(/^554 5\.7\.1 <x@far\.example>: Recipient address rejected: Access denied/m);
  });

  it("trap: hosts of one layer share its ssh host key: root logs in with the lab's key, each host showing a key of its own", async () => {
    expect(await ssh(lab, "mx2", "hostname")).toBe("mx2\n");
    const scanned = await runCommand(["ssh-keyscan", "-t", "ed25519", lab.host("mx1").address]);
    const fingerprint = await runCommand(["ssh-keygen", "-lf", "-"], { input: scanned.stdout });
    expect(fingerprint.stdout.split(" ")[1]).toBe(lab.host("mx1").hostKeyFingerprint);
    expect(new Set(lab.hosts.map((host) => host.hostKeyFingerprint)).size).toBe(lab.hosts.length);
  });

  it("delivers 300 numbered messages to the sink over both mx hosts, each once", async () => {
    await lab.sender.inject({ from: "writer@outside.example", to: "dora@lab.example", count: 300, startNumber: 1001 });
    const received = await lab.sink.waitFor(300, 60);
    expect([...received.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => 1001 + index));
    expect([...received.values()].filter((count) => count !== 1)).toEqual([]);
    const carriers = new Set((await lab.sink.messages()).map((message) => message.clientAddress));
    expect(carriers).toEqual(new Set([lab.host("mx1").address, lab.host("mx2").address]));
    expect(await lab.sender.queueCount()).toBe(0);
    await lab.sink.reset();
    expect((await lab.sink.received()).size).toBe(0);
  });

  it("trap: with the machine's /dev and kernel log all hosts write into one another's logs: each logs what is its own", async () => {
    await lab.host("mx1").exec(["logger", "-p", "mail.info", "a line of mx1"]);
    const logs = "cat /var/log/syslog /var/log/mail.log /var/log/kern.log 2>/dev/null || :";
    await expect
      .poll(async () => (await lab.host("mx1").shell(logs)).stdout, { timeout: 20_000 })
      .toContain("a line of mx1");
    expect((await lab.host("mx2").shell(logs)).stdout).not.toContain("a line of mx1");
    expect((await lab.host("mx1").shell(logs)).stdout).not.toContain(" kernel: ");
  });

  it("counts a message that comes twice as two", async () => {
    for (const _ of [1, 2]) {
      await lab.sender.inject({ from: "", to: "dora@lab.example", count: 1, startNumber: 7 });
    }
    for (let waited = 0; (await lab.sink.received()).get(7) !== 2 && waited < 200; waited += 1) await sleep(50);
    expect((await lab.sink.received()).get(7)).toBe(2);
    expect((await lab.sink.messages()).map((message) => message.from)).toEqual(["", ""]);
    await lab.sink.reset();
  });

  it("keeps what can't be delivered in the sender's queue, and the sender retries by itself", async () => {
    const exchangers = [lab.host("mx1"), lab.host("mx2")];
    await Promise.all(exchangers.map((host) => host.exec(["postfix", "stop"])));
    try {
      await lab.sender.inject({ from: "writer@outside.example", to: "dora@lab.example", count: 20 });
      await sleep(2000);
      // One that moves from one folder to another just now is not counted.
      await expect.poll(async () => await lab.sender.queueCount(), { timeout: 20_000 }).toBe(20);
      expect((await lab.sink.received()).size).toBe(0);
    } finally {
      await Promise.all(exchangers.map((host) => host.exec(["postfix", "start"])));
    }
    expect((await lab.sink.waitFor(20, 60)).size).toBe(20);
    await lab.sink.reset();
  });

  it("knows this machine's clients by name, and lets them choose their address", async () => {
    const [client] = lab.clientAddresses;
    expect(client).toBeDefined();
    expect(await banner(lab.host("mx2").address, 25, 5000, client)).toMatch(/^220 /);
    await expect
      .poll(async () => await lab.host("mx2").readFile("/var/log/mail.log"), { timeout: 5000 })
      .toContain(`connect from client111.outside.example[${client}]`);
  });

  it("sees any change of a folder's content, mode, owner or links, and none in a file's times", async () => {
    const host = lab.host("mx1");
    const before = await host.checksumTree("/etc/postfix");
    await host.shell("touch /etc/postfix/main.cf; echo x > /etc/postfix/x; rm /etc/postfix/x");
    expect(await host.checksumTree("/etc/postfix")).toEqual(before);
    const changes = [
      ["chmod 640 /etc/postfix/transport", "chmod 644 /etc/postfix/transport"],
      ["chown mail /etc/postfix/transport", "chown root /etc/postfix/transport"],
      ["cp -p /etc/postfix/transport /t; printf ' ' >> /etc/postfix/transport", "cp -p /t /etc/postfix/transport"],
      ["mkdir /etc/postfix/empty", "rmdir /etc/postfix/empty"],
      ["ln -s a '/etc/postfix/new\nline'", "rm '/etc/postfix/new\nline'"],
    ] as const;
    for (const [change, undo] of changes) {
      await host.shell(change);
      expect(await host.checksumTree("/etc/postfix"), change).not.toEqual(before);
      await host.shell(undo);
      expect(await host.checksumTree("/etc/postfix"), undo).toEqual(before);
    }
  });

  it("trap: a host with a new MAC address is silent for seconds after a reboot, and a /run that stays is none: the disk is kept and nothing else", async () => {
    const host = lab.host("mx2");
    const fingerprint = host.hostKeyFingerprint;
    await host.writeFile("/etc/kept", "kept");
    await host.shell("touch /run/lost; nft add table inet lost; sleep 600 </dev/null >/dev/null 2>&1 &");
    const postfix = await host.checksumTree("/etc/postfix");
    await host.boot();
    expect(await host.readFile("/etc/kept")).toBe("kept");
    expect((await host.exec(["nft", "list", "tables"])).stdout).toBe("");
    expect((await host.exec(["test", "-e", "/run/lost"], { check: false })).exitCode).toBe(1);
    expect((await host.exec(["pgrep", "-fx", "sleep 600"], { check: false })).exitCode).toBe(1);
    expect(host.hostKeyFingerprint).toBe(fingerprint);
    expect(await host.checksumTree("/etc/postfix")).toEqual(postfix);
    expect(await banner(host.address, 25, 2000)).toMatch(/^220 /);
  });

  it("makes a cut host silent both ways, also in a session, and gives it back when mended", async () => {
    const host = lab.host("mx1");
    const session = createConnection({ host: host.address, port: 25 });
    const heard: string[] = [];
    let failed: Error | undefined;
    session.on("error", (error) => {
      failed = error;
    });
    session.on("data", (data) => heard.push(data.toString()));
    try {
      await expect.poll(() => heard.length, { timeout: 5000, message: "a greeting" }).toBe(1);
      await host.cut();
      session.write("NOOP\r\n");
      expect(await banner(host.address, 25, 4000)).toBe("silence");
      expect(await banner(host.address, 22, 1000)).toBe("silence");
      expect(heard).toHaveLength(1);
      await host.mend();
      await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(2);
      expect(heard[1]).toMatch(/^250 /);
      expect(failed).toBeUndefined();
      expect(await banner(host.address, 25, 5000)).toMatch(/^220 /);
    } finally {
      session.destroy();
    }
  });

  it("trap: no init starts cron in a lab host: what it is told to runs", async () => {
    const host = lab.host("mx2");
    await host.shell("printf '* * * * * root touch /run/cron-ran\\n' > /etc/cron.d/trial");
    await expect
      .poll(async () => (await host.exec(["test", "-e", "/run/cron-ran"], { check: false })).exitCode, {
        timeout: 130_000,
        interval: 1000,
      })
      .toBe(0);
  });

  it("ends a program that takes too long, and says which", async () => {
    const host = lab.host("mx2");
    await expect(host.exec(["sleep", "601"], { timeoutSeconds: 0.3 })).rejects.toThrow(
      /sleep 601" did not end within 0.3 s/,
    );
    await expect.poll(async () => (await host.exec(["pgrep", "-fx", "sleep 601"], { check: false })).exitCode).toBe(1);
    await expect(host.exec(["sh", "-c", "echo why >&2; exit 7"])).rejects.toThrow(/exit code 7: why/);
  });

  it("can be used from another process by its name", async () => {
    const attached = await labAttach(lab.name);
    expect((await attached.host("mx2").exec(["hostname"])).stdout).toBe("mx2\n");
    await expect(labAttach("no-such-lab")).rejects.toThrow('There is no lab "no-such-lab" up.');
    expect(() => lab.host("mx9")).toThrow("It has: mx1, mx2, relay, sink, sender.");
  });

  it("trap: a bridge in the machine's own namespace changes its network: two labs do not meet, and leave no trace once down", async () => {
    const other = await labUp({ hosts: [mxHost("mx1", 11)] });
    let namespaces: string[] = [];
    try {
      expect(other.subnet).not.toBe(lab.subnet);
      await expect(labUp({ name: other.name })).rejects.toThrow(`A lab named "${other.name}" is already up`);
      await expect(labUp({ subnet: other.subnet })).rejects.toThrow(`The subnet ${other.subnet} is in use`);
      const folders = [hostFolder(other.name, "mx1"), switchFolder(other.name)];
      const own = namespacesOf(process.pid);
      namespaces = folders
        .flatMap((folder) => namespacesOf(firstProcess(folder) ?? 0))
        .filter((one) => !own.includes(one));
      expect((await labTraces(other.name, namespaces)).length).toBeGreaterThan(10);
    } finally {
      await other.down();
    }
    expect(namespaces.length).toBeGreaterThan(5);
    await expect.poll(async () => await labTraces(other.name, namespaces), { timeout: 5000 }).toEqual([]);
    await labDown({ name: other.name });
    expect(await banner(lab.host("mx1").address, 25, 5000)).toMatch(/^220 mx1/);
  });
});
