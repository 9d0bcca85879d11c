/** The hosts and catalogue slices on real SQLite, with a real fleet and a real sshd; sign-in alone is the test application's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent, ChangeEvent, UserRole } from "@mailbrake/contract";
import { createFleet, type Fleet, type FleetLimits, generateSshKeyPair, type SshKeyPair } from "@mailbrake/fleet";
import {
  as,
  buildTestApp,
  createCatalogueSlice,
  createHostsSlice,
  createTestStore,
  type HostsSlice,
  type HostsSliceOptions,
  type MailbrakeApp,
  type TestStore,
} from "@mailbrake/server/testing";
import { startThrowAwaySshd, type ThrowAwaySshd } from "../../stack/throw-away-sshd.ts";
import { quickLimits, scriptedAgent } from "../fleet/fleet-under-test.ts";

export interface Assembled {
  fleet: Fleet;
  slice: HostsSlice;
  app: MailbrakeApp;
}

export interface HostsUnderTest extends Assembled {
  test: TestStore;
  /** Its only key is the control plane's, with the scripted agent as forced command. */
  agentHost: ThrowAwaySshd;
  /** Where the scripted agent looks for how to behave. */
  agentFolder: string;
  changes: ChangeEvent[];
  log: string[];
  ask<T = unknown>(
    role: UserRole,
    method: "GET" | "POST" | "PATCH" | "PUT",
    path: string,
    body?: object,
  ): Promise<{ status: number; body: T }>;
  auditOf(...actions: string[]): Promise<AuditEventRow[]>;
  /** Stops fleet and slices, as the server does when it ends, and starts new ones on the same database. */
  restart(): Promise<void>;
  close(): Promise<void>;
}
type SliceLogger = HostsSliceOptions["log"];
type AuditEventRow = Pick<AuditEvent, "action" | "target" | "summary" | "data"> & { actorName: string };

/** Fleet, slices and application on a test store, started as the server does it. */
export async function assemble(
  test: TestStore,
  log: SliceLogger,
  options: Pick<HostsSliceOptions, "url" | "enrolmentScript"> & { keyPair: SshKeyPair; limits?: Partial<FleetLimits> },
): Promise<Assembled> {
  const { keyPair, limits = {} } = options;
  const fleet = createFleet({ privateKey: () => Promise.resolve(keyPair.privateKey), log, limits });
  const catalogue = createCatalogueSlice({ ...test, fleet });
  const slice = createHostsSlice({
    ...test,
    ...options,
    fleet,
    log,
    planner: catalogue.planner,
    publicKey: () => Promise.resolve(keyPair.publicKey),
  });
  const app = await buildTestApp([catalogue.registerRoutes, slice.registerRoutes]);
  await slice.start();
  return { fleet, slice, app };
}

export async function startHosts(): Promise<HostsUnderTest> {
  const test = await createTestStore();
  const agentFolder = mkdtempSync(join(tmpdir(), "mailbrake-scripted-"));
  const agentHost = await startThrowAwaySshd({ forcedCommand: `/bin/sh ${scriptedAgent} ${agentFolder}` });
  const keyPair: SshKeyPair = agentHost.keyPair;
  const changes: ChangeEvent[] = [];
  const log: string[] = [];
  const write = (data: object, message: string) => log.push(`${message} ${JSON.stringify(data)}`);
  const logger = { info: write, warn: write, error: write };
  test.events.subscribe(({ change }) => changes.push(change));

  const build = () =>
    assemble(test, logger, {
      keyPair,
      url: "http://localhost:8090",
      limits: quickLimits,
      enrolmentScript: ({ reportUrl, hostName }) =>
        `# ${hostName} ${reportUrl ?? ""}\necho '{"installed":true,"version":"0.1.0","user":"root","hostKeys":["${agentHost.hostKeyLine()}"]}'\n`,
    });
  const stop = async () => {
    await under.app.close();
    await under.fleet.close();
    await under.slice.close();
  };
  const under: HostsUnderTest = {
    test,
    agentHost,
    agentFolder,
    changes,
    log,
    ...(await build()),
    async ask<T>(role: UserRole, method: "GET" | "POST" | "PATCH" | "PUT", path: string, body?: object) {
      const answer = await under.app.inject({
        method,
        url: path,
        headers: as(role),
        ...(body === undefined ? {} : { payload: body }),
      });
      return { status: answer.statusCode, body: answer.json() as T };
    },
    async auditOf(...actions) {
      return test.store.auditEvent.findMany({ where: { action: { in: actions } }, orderBy: { sequence: "asc" } });
    },
    async restart() {
      await stop();
      Object.assign(under, await build());
    },
    async close() {
      await stop();
      await agentHost.stop();
      await test.close();
      rmSync(agentFolder, { recursive: true, force: true });
    },
  };
  return under;
}

export const anotherFingerprint = () => `SHA256:${generateSshKeyPair().publicKey.slice(20, 63)}`;
