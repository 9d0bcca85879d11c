/** A lab, a control plane and the fleet enrolled: what the integration tests, the browser tests and the bench stand on. */
import type { ApplicationView, BlockPointView, BrakeView, CreateBrakeRequest, HostView } from "@mailbrake/contract";
import { isFirewallPoint } from "@mailbrake/domain";
import type { HostSpec } from "../lab/host-spec.ts";
import { type Lab, labDown, labUp } from "../lab/index.ts";
import { ControlPlane, type ControlPlaneOptions } from "./control-plane.ts";
import { catalogued, enrolFleet } from "./enrol-fleet.ts";
import { waitUntil } from "./wait-until.ts";

export interface StackOptions {
  /** Name of the lab; one a test file, so that what a killed run left behind is cleared by the next. */
  name: string;
  /** Hosts of the lab; the default fleet unless told. */
  hosts?: HostSpec[];
  /** Hosts to enrol; mx1, mx2 and relay unless told. */
  enrol?: readonly string[];
  controlPlane?: ControlPlaneOptions;
}

export class RealStack {
  readonly lab: Lab;
  readonly plane: ControlPlane;
  readonly hosts: Map<string, HostView>;
  readonly admin: { email: string; password: string };

  private constructor(
    lab: Lab,
    plane: ControlPlane,
    hosts: Map<string, HostView>,
    admin: { email: string; password: string },
  ) {
    this.lab = lab;
    this.plane = plane;
    this.hosts = hosts;
    this.admin = admin;
  }

  static async up(options: StackOptions): Promise<RealStack> {
    await labDown({ name: options.name });
    const lab = await labUp({ name: options.name, ...(options.hosts ? { hosts: options.hosts } : {}) });
    let plane: ControlPlane | undefined;
    try {
      plane = await ControlPlane.start(options.controlPlane);
      const admin = await plane.makeFirstAdmin();
      const hosts = await enrolFleet(plane, lab, options.enrol ?? ["mx1", "mx2", "relay"]);
      return new RealStack(lab, plane, hosts, admin);
    } catch (error) {
      const output = plane?.output ?? "";
      await plane?.discard();
      await lab.down();
      throw new Error(`the stack did not come up: ${String(error)}\n${output.slice(-4_000)}`, { cause: error });
    }
  }

  async down(): Promise<void> {
    await this.plane.discard();
    await this.lab.down();
  }

  hostId(name: string): string {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`${name} is not enrolled`);
    return host.id;
  }

  /** The block point of a host, by its name on the wire, e.g. `listener:smtp/inet`; of the first instance that has it, the firewall left out unless named. */
  async point(hostName: string, point: string, instance?: string): Promise<BlockPointView> {
    const points = await catalogued(this.plane, this.hostId(hostName));
    const found = points.find(
      (candidate) =>
        candidate.point === point &&
        (instance === undefined ? !isFirewallPoint(candidate) : candidate.instance === instance),
    );
    if (!found)
      throw new Error(
        `${hostName} has no ${point}; it has ${points.map((candidate) => `${candidate.instance} ${candidate.point}`).join(", ")}`,
      );
    return found;
  }

  /** Orders a brake; match all, until lifted, where not told otherwise. */
  async brake(
    order: Partial<CreateBrakeRequest> & Pick<CreateBrakeRequest, "effect" | "blockPointIds">,
  ): Promise<BrakeView> {
    return this.plane.call<BrakeView>("POST", "/api/brakes", {
      match: [{ kind: "all", value: "" }],
      reason: "test",
      expiresInSeconds: null,
      ...order,
    });
  }

  async lift(brakeId: string): Promise<void> {
    await this.plane.call("POST", `/api/brakes/${brakeId}/lift`, { reason: "test is over" });
  }

  read(brakeId: string): Promise<BrakeView> {
    return this.plane.call<BrakeView>("GET", `/api/brakes/${brakeId}`);
  }

  /** Waits until every application of the brake is in one of these states. */
  async reach(brakeId: string, states: readonly ApplicationView["state"][], timeoutMs = 30_000): Promise<BrakeView> {
    let last: BrakeView | undefined;
    try {
      return await waitUntil(
        `brake is ${states.join(" or ")}`,
        async () => {
          last = await this.read(brakeId);
          return last.applications.every((application) => states.includes(application.state)) ? last : undefined;
        },
        timeoutMs,
        25,
      );
    } catch (error) {
      const now = last?.applications
        .map(
          (application) =>
            `${application.hostName} ${application.pointLabel}: ${application.state} (${application.detail})`,
        )
        .join("; ");
      throw new Error(`${String(error)}; it is: ${now}`, { cause: error });
    }
  }
}
