import type { BlockPointView, EnrolmentView, HostView } from "@mailbrake/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labDown, labUp } from "../lab/index.ts";
import { ControlPlane, freePort } from "../stack/control-plane.ts";
import { catalogued, enrolHost } from "../stack/enrol-fleet.ts";

describe("enrolment", () => {
  let lab: Lab;
  let plane: ControlPlane;
  beforeAll(async () => {
    await labDown({ name: "enrol" });
    lab = await labUp({ name: "enrol" });
    const port = await freePort("0.0.0.0");
    // The hosts fetch the script from here, so it has to be an address that they can reach.
    plane = await ControlPlane.start({ host: "0.0.0.0", port, url: `http://${lab.machineAddress}:${port}` });
    await plane.makeFirstAdmin();
  });
  afterAll(async () => {
    try {
      await plane?.discard();
    } finally {
      await lab?.down();
    }
  });

  it("one pasted line enrols a host, once its fingerprint is confirmed", async () => {
    const mx1 = lab.host("mx1");
    const made = await plane.call<EnrolmentView>("POST", "/api/hosts/enrolments", {
      name: "mx1",
      address: mx1.address,
      port: mx1.sshPort,
    });
    expect(made.command).toContain("/api/enrol/");
    const ran = await mx1.shell(made.command?.replace("sudo sh", "sh") ?? "false", { timeoutSeconds: 120 });
    expect(ran.stdout).toContain('"installed":true');
    const { enrolments } = await plane.call<{ enrolments: EnrolmentView[] }>("GET", "/api/hosts/enrolments");
    const reported = enrolments.find((enrolment) => enrolment.id === made.id);
    expect(reported?.state).toBe("reported");
    expect(reported?.reportedFingerprints).toContain(mx1.hostKeyFingerprint);
    const wrong = await plane.api("POST", `/api/hosts/enrolments/${made.id}/confirm`, {
      fingerprint: `SHA256:${"A".repeat(43)}`,
    });
    expect(wrong.status).toBe(409);
    const host = await plane.call<HostView>(
      "POST",
      `/api/hosts/enrolments/${made.id}/confirm`,
      { fingerprint: mx1.hostKeyFingerprint },
      60_000,
    );
    const points = await catalogued(plane, host.id);
    expect(points.map((point: BlockPointView) => point.point)).toEqual(
      expect.arrayContaining(["listener:smtp/inet", "local", "delivery"]),
    );
    // The same line a second time: spent.
    const again = await mx1.shell(made.command?.replace("sudo sh", "sh -s") ?? "true", {
      check: false,
      timeoutSeconds: 60,
    });
    expect(again.stdout).not.toContain('"installed":true');
  });

  it("credentials used once enrol a host over SSH, and are kept nowhere", async () => {
    const host = await enrolHost(plane, lab, "mx2");
    expect((await catalogued(plane, host.id)).length).toBeGreaterThan(2);
    const secret = lab.privateKey.split("\n")[2] ?? "";
    const { execFileSync } = await import("node:child_process");
    const found = execFileSync("sh", ["-c", 'grep -rlF -- "$1" "$2" || true', "sh", secret, plane.dataFolder], {
      encoding: "utf8",
    });
    expect(found).toBe("");
    expect(plane.output).not.toContain(secret);
  });

  it("trap: a sudoers line without arguments allows all of them: the control plane's key can do nothing on a host but brake", async () => {
    const mx1 = lab.host("mx1");
    const keys = (await mx1.shell("cat ~mailbrake/.ssh/authorized_keys")).stdout;
    expect(keys).toMatch(/^restrict,command="[^"]*mailbrake-agent serve" ssh-ed25519 /m);
    const sudo = (await mx1.shell("cat /etc/sudoers.d/*mailbrake*")).stdout;
    expect(sudo).toMatch(/NOPASSWD: ?\/usr\/local\/sbin\/mailbrake-agent serve$/m);
    const tried = await mx1.exec(
      ["su", "-s", "/bin/sh", "mailbrake", "-c", "sudo -n /usr/local/sbin/mailbrake-agent uninstall; sudo -n id"],
      { check: false },
    );
    expect(tried.stdout).not.toContain("uid=0");
    expect((await mx1.shell("grep '^MB_DRIVERS=' /usr/local/sbin/mailbrake-agent")).stdout.trim()).toBe(
      "MB_DRIVERS='postfix nftables'",
    );
    expect((await mx1.shell("grep -c '^exim_' /usr/local/sbin/mailbrake-agent || :")).stdout.trim()).toBe("0");
    expect((await mx1.shell("ls /usr/local/sbin/mailbrake-agent")).stdout.trim()).toBe(
      "/usr/local/sbin/mailbrake-agent",
    );
  });
});
