/** A lab host, whatever its mail server, whose firewall is braked by its agent: brake, connect from another host, lift, compare. */
import type { AgentArguments, Checked, DiscoveredPoint, PlanStep } from "@mailbrake/contract";
import { expect } from "vitest";
import type { Lab, LabHost } from "../../lab/index.ts";
import { eximHost, labUp, mxHost } from "../../lab/index.ts";
import { AgentOnHost, type AgentSettings } from "../postfix-driver/agent-on-host.ts";
import { type SmtpAnswers, type SmtpTalk, smtpTalk } from "../postfix-driver/smtp-talk.ts";

export const instance = "nftables:/etc/nftables.conf";

const mailDrivers = ["postfix", "exim"];

/** A Postfix host, an Exim host, a plain host to connect from, and the sink. */
export async function firewallLab(): Promise<Lab> {
  return await labUp({
    name: `nf-${process.pid}`,
    hosts: [
      mxHost("pf", 11, { submission: true }),
      eximHost("ex", 12, "single"),
      { name: "other", role: "bare", layer: "postfix", octet: 20 },
      { name: "sink", role: "sink", layer: "postfix", octet: 50 },
    ],
  });
}

export class FirewallHost {
  readonly host: LabHost;
  readonly lab: Lab;
  agent: AgentOnHost;
  #count = 0;

  private constructor(lab: Lab, host: LabHost, agent: AgentOnHost) {
    this.lab = lab;
    this.host = host;
    this.agent = agent;
  }

  static async on(lab: Lab, name: string, settings?: AgentSettings): Promise<FirewallHost> {
    const host = lab.host(name);
    const firewall = new FirewallHost(
      lab,
      host,
      await AgentOnHost.start(host, { drivers: [...mailDrivers, "nftables"], ...settings }),
    );
    await firewall.agent.ask("discover");
    return firewall;
  }

  /** What discover tells of the firewall's block points. */
  async points(): Promise<DiscoveredPoint[]> {
    const { parts } = await this.agent.ask("discover");
    return parts.flatMap((part) => ("point" in part && part.point.instance === instance ? [part.point] : []));
  }

  /** The keys of an apply or a plan, by default for all at port 25. */
  request(brake: AgentArguments): AgentArguments & { app: string } {
    this.#count += 1;
    const app = `N-${this.#count}_x`;
    const reference = `N${this.#count}`;
    const order = { point: "listener:25", match: "all", ttl: "0", by: "test", reason: "test" };
    return { app, brake: reference, instance, ...order, ...brake };
  }

  /** Applies a brake, expecting evidence without a flaw; gives the application's id. */
  async brake(brake: AgentArguments): Promise<string> {
    const request = this.request(brake);
    const { final } = await this.agent.ask("apply", request);
    expect(final.outcome).toBe("applied");
    expectWell(final.checked);
    return request.app;
  }

  async lift(app: string): Promise<void> {
    const { final } = await this.agent.ask("lift", { app, by: "test", reason: "test" });
    expect(final.outcome).toBe("lifted");
    expectWell(final.checked);
  }

  async liftAll(): Promise<void> {
    const { parts } = await this.agent.ask("status");
    for (const part of parts)
      if ("application" in part)
        await this.agent.ask("lift", { app: part.application.app, by: "test", reason: "left" });
  }

  /** What a plan tells: its steps, and what the person must know. */
  async plan(brake: AgentArguments): Promise<{ steps: PlanStep[]; opens: string[]; notes: string[]; reply: string }> {
    const { ttl, by, reason, ...keys } = this.request(brake);
    const { parts, final } = await this.agent.ask("plan", keys);
    return { ...final, steps: parts.flatMap((part) => ("step" in part ? [part.step] : [])) };
  }

  /** The application as status tells it. */
  async status(app: string) {
    const { parts } = await this.agent.ask("status", { app });
    for (const part of parts) if ("application" in part) return part.application;
    throw new Error(`no application ${app}`);
  }

  async talk(talk: Partial<SmtpTalk> = {}): Promise<SmtpAnswers> {
    return await smtpTalk({ address: this.host.address, ...talk });
  }

  /** The first three letters of the banner, or "refused", of a connection from this address of the machine. */
  async banner(from?: string, port = 25): Promise<string> {
    return (await this.talk({ ...(from ? { from } : {}), port })).banner.replace(/^(\d{3}).*/, "$1");
  }

  async shell(script: string): Promise<string> {
    return (await this.host.shell(script)).stdout.trim();
  }

  /** All rules of the host as nft lists them, counts aside. */
  async ruleset(): Promise<string> {
    return await this.shell("nft -s list ruleset");
  }

  /** The same from another host of the lab, by a connection that must open; "refused" where it is, else the first line. */
  async from(otherName: string, address = this.host.address, port = 25): Promise<string> {
    const script = 'exec 3<>"/dev/tcp/$1/$2" && read -r line <&3 && echo "$line"';
    const { stdout, stderr } = await this.lab
      .host(otherName)
      .exec(["timeout", "10", "bash", "-c", script, "bash", address, String(port)], { check: false });
    return /refused/.test(stderr) ? "refused" : stdout.trim().slice(0, 3);
  }

  /** Starts something that takes connections on a port and says 220, under a process name of its choice. */
  async listen(port: number, processName: string, family: "AF_INET" | "AF_INET6" = "AF_INET"): Promise<void> {
    const address = family === "AF_INET" ? "sockaddr_in($port, INADDR_ANY)" : "sockaddr_in6($port, IN6ADDR_ANY)";
    const program = `use Socket qw(:all); ($port, $0) = @ARGV; socket(S, ${family}, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
      bind(S, ${address}) or die; listen(S, 5); while (accept(C, S)) { syswrite C, "220 here\r\n"; close C }`;
    await this.host.writeFile("/tmp/listen.pl", program);
    await this.shell(
      `setsid perl /tmp/listen.pl ${port} ${processName} >/dev/null 2>&1 </dev/null & echo $! > /tmp/listen.pid; sleep 0.3`,
    );
  }

  async stopListening(): Promise<void> {
    await this.shell("kill $(cat /tmp/listen.pid); sleep 0.1");
  }

  /** What the host knows of brakes outside the journal and what has ended. */
  async leftOver(): Promise<string> {
    return await this.shell(
      "find /var/lib/mailbrake/tables /etc/cron.d/mailbrake 2>/dev/null | grep -v '/tables$' || :",
    );
  }
}

export function expectWell(checked: readonly Checked[]): void {
  expect(checked.filter((one) => !one.ok)).toEqual([]);
  expect(checked.length).toBeGreaterThan(0);
}
