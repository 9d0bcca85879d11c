/**
 * Brings hosts in: over SSH with credentials used once, or by a one-time command that an admin pastes on the host.
 * Guarantees: no host is added whose key a person didn't confirm and the host didn't prove over the network; credentials and tokens are stored nowhere (of a token,
 * its hash) and logged nowhere; each step is audited, failed ones too.
 * Fails: MailbrakeError; the host is not in the list then. Killed in the middle: the agent may be installed on the host; enrolling it again finishes it.
 */
import {
  type Actor,
  type EnrolBySshRequest,
  type EnrolmentReport,
  type EnrolmentView,
  MailbrakeError,
} from "@mailbrake/contract";
import { type FleetHost, installOverSsh, type ShownHostKey } from "@mailbrake/fleet";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import { newId } from "../../platform/new-id.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { enrolmentEvents } from "./enrolment-events.ts";
import {
  createEnrolment,
  enrolmentState,
  findByToken,
  findEnrolment,
  findEnrolments,
  recordConfirmed,
  recordReport,
  toEnrolmentView,
} from "./enrolment-store.ts";
import { newEnrolmentToken } from "./enrolment-token.ts";
import type { HostService } from "./host-service.ts";
import { findSameHost, type HostPlace, type NewHost, putHost } from "./host-store.ts";
import type { LinkWatcher } from "./link-watcher.ts";
import { readKeyLines, readStoredKeys, storeKeys } from "./reported-keys.ts";
import { toApiError } from "./ssh-error.ts";

const tokenLifeMs = 15 * 60_000;
/** How long a person may take to compare fingerprints once the host has reported. */
const confirmWithinMs = 24 * 3_600_000;
const installTimeoutMs = 90_000;
const loginName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

export interface EnrolmentScriptOptions {
  publicKey: string;
  reportUrl?: string;
  hostName?: string;
}

export interface EnrolmentService {
  /** Installs the agent and adds the host; returns its id. @throws MailbrakeError conflict, fingerprint-mismatch, host-unreachable, host-refused */
  enrolBySsh(actor: Actor, request: EnrolBySshRequest): Promise<string>;
  /** @throws MailbrakeError conflict */
  createCommand(actor: Actor, to: HostPlace): Promise<EnrolmentView>;
  list(): Promise<EnrolmentView[]>;
  /** The script behind a token. @throws MailbrakeError token-spent */
  script(token: string, from: string): Promise<string>;
  /** What the host says when it is done. @throws MailbrakeError token-spent, bad-input */
  report(token: string, report: EnrolmentReport, from: string): Promise<void>;
  /** Adds the host of a reported enrolment; returns its id. @throws MailbrakeError conflict, fingerprint-mismatch, host-unreachable */
  confirm(actor: Actor, enrolmentId: string, fingerprint: string): Promise<string>;
}

export interface EnrolmentServiceOptions {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  hosts: Pick<HostService, "readKey">;
  watcher: LinkWatcher;
  clock: Clock;
  /** Base URL of this server as hosts reach it, without a slash at its end. */
  url: string;
  /** The control plane's SSH public key, as authorized_keys has it. */
  publicKey: () => Promise<string>;
  enrolmentScript: (options: EnrolmentScriptOptions) => string;
}

export function createEnrolmentService(options: EnrolmentServiceOptions): EnrolmentService {
  const { store, transactor, audit, hosts, watcher, clock, url, publicKey, enrolmentScript } = options;

  async function addHost(
    actor: Actor,
    host: Omit<NewHost, "enrolledAt">,
    way: "ssh" | "command",
    enrolmentId?: string,
  ): Promise<string> {
    const added = await transactor.inTransaction(async (scope): Promise<FleetHost> => {
      const { host: put, again } = await putHost(scope.transaction, { ...host, enrolledAt: clock() });
      if (enrolmentId !== undefined) {
        await recordConfirmed(scope.transaction, enrolmentId, put.hostId);
        scope.publish({ kind: "enrolment", enrolmentId });
      }
      await audit.append(scope, enrolmentEvents.enrolled(actor, { ...host, id: put.hostId }, { way, again }));
      scope.publish({ kind: "host", hostId: put.hostId });
      return put;
    });
    watcher.watch(added);
    return added.hostId;
  }

  /** Runs a step of an enrolment; a failure is audited before it is told. */
  async function audited<T>(actor: Actor, to: HostPlace, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const failure = toApiError(error, `${to.address} port ${to.port}`);
      const place = { name: to.name, address: to.address, port: to.port };
      await transactor.inTransaction((scope) =>
        audit.append(scope, enrolmentEvents.failed(actor, place, failure.code, failure.message)),
      );
      throw failure;
    }
  }

  return {
    async enrolBySsh(actor, request) {
      const { name, address, port, user, fingerprint } = request;
      await findSameHost(store, request);
      await transactor.inTransaction((scope) =>
        audit.append(scope, enrolmentEvents.askedBySsh(actor, { name, address, port }, user, fingerprint)),
      );
      return audited(actor, request, async () => {
        const shown = await hosts.readKey({ address, port });
        checkFingerprint(shown, fingerprint);
        const script = enrolmentScript({ publicKey: await publicKey(), hostName: name });
        const report = await installOverSsh({
          address,
          port,
          user,
          hostKey: shown.hostKey,
          script,
          timeoutMs: installTimeoutMs,
          ...(request.password === undefined ? {} : { password: request.password }),
          ...(request.privateKey === undefined ? {} : { privateKey: request.privateKey }),
          ...(request.passphrase === undefined ? {} : { passphrase: request.passphrase }),
        });
        return addHost(actor, { name, address, port, ...keyColumns(shown), ...agentColumns(report) }, "ssh");
      });
    },

    async createCommand(actor, to) {
      await findSameHost(store, to);
      const { token, tokenHash } = newEnrolmentToken();
      const createdAt = clock();
      const expiresAt = new Date(createdAt.getTime() + tokenLifeMs);
      const row = await transactor.inTransaction(async (scope) => {
        const created = await createEnrolment(scope.transaction, {
          ...to,
          id: newId(),
          tokenId: newId(),
          tokenHash,
          createdBy: actor.id,
          createdAt,
          expiresAt,
        });
        await audit.append(scope, enrolmentEvents.linkMade(actor, created.id, to, expiresAt));
        scope.publish({ kind: "enrolment", enrolmentId: created.id });
        return created;
      });
      return toEnrolmentView(row, createdAt, `curl -fsS '${url}/api/enrol/${token}' | sudo sh`);
    },

    async list() {
      const now = clock();
      return (await findEnrolments(store)).map((row) => toEnrolmentView(row, now));
    },

    async script(token, from) {
      const row = await findByToken(store, token, clock());
      const reportUrl = `${url}/api/enrol/${token}/report`;
      const script = enrolmentScript({ publicKey: await publicKey(), reportUrl, hostName: row.name });
      await transactor.inTransaction((scope) => audit.append(scope, enrolmentEvents.scriptTaken(row.id, row, from)));
      return script;
    },

    async report(token, report, from) {
      const keys = readKeyLines(report.hostKeys);
      if (keys.length === 0) {
        throw new MailbrakeError("bad-input", { field: "hostKeys", detail: "hostKeys: none of these is a public key" });
      }
      const { user, version } = agentName(report);
      await transactor.inTransaction(async (scope) => {
        const at = clock();
        const row = await findByToken(scope.transaction, token, at);
        const expiresAt = new Date(at.getTime() + confirmWithinMs);
        await recordReport(scope.transaction, row, { user, version, hostKeys: storeKeys(keys), at, expiresAt });
        const fingerprints = keys.map((key) => key.fingerprint);
        await audit.append(scope, enrolmentEvents.reported(row.id, row, { from, version, user, fingerprints }));
        scope.publish({ kind: "enrolment", enrolmentId: row.id });
      });
    },

    async confirm(actor, enrolmentId, fingerprint) {
      const row = await findEnrolment(store, enrolmentId);
      const state = enrolmentState(row, clock());
      if (state !== "reported" || row.reportedUser === null || row.reportedVersion === null) {
        throw new MailbrakeError("conflict", {
          detail: `This enrolment is ${state}; only one that the host has reported can be confirmed.`,
        });
      }
      const { name, address, port, reportedUser: user, reportedVersion: agentVersion } = row;
      return audited(actor, row, async () => {
        const reported = readStoredKeys(row.reportedHostKeys).find((key) => key.fingerprint === fingerprint);
        if (reported === undefined) {
          throw new MailbrakeError("fingerprint-mismatch", {
            field: "fingerprint",
            detail: `The host did not report ${fingerprint} as one of its keys.`,
          });
        }
        const shown = await hosts.readKey({ address, port, preferredHostKey: reported.hostKey });
        checkFingerprint(shown, fingerprint);
        return addHost(
          actor,
          { name, address, port, user, agentVersion, ...keyColumns(shown) },
          "command",
          enrolmentId,
        );
      });
    },
  };
}

function keyColumns(shown: ShownHostKey) {
  return { hostKey: shown.hostKey, hostKeyType: shown.keyType, fingerprint: shown.fingerprint };
}

function agentColumns(report: EnrolmentReport) {
  const { user, version } = agentName(report);
  return { user, agentVersion: version };
}

/** @throws MailbrakeError bad-input where the host named a user that none can be */
function agentName({ user, version }: EnrolmentReport): { user: string; version: string } {
  if (!loginName.test(user)) {
    throw new MailbrakeError("bad-input", {
      field: "user",
      detail: "user: the name of the agent's account on the host",
    });
  }
  return { user, version };
}

/** @throws MailbrakeError fingerprint-mismatch */
function checkFingerprint(shown: ShownHostKey, confirmed: string): void {
  if (shown.fingerprint === confirmed) return;
  throw new MailbrakeError("fingerprint-mismatch", {
    field: "fingerprint",
    detail: `The host shows ${shown.keyType} key ${shown.fingerprint}; confirmed was ${confirmed}. Nothing was sent to it.`,
  });
}
