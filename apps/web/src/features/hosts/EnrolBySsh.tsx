import {
  enrolBySshRequestSchema,
  fingerprintRequestSchema,
  fingerprintViewSchema,
  hostViewSchema,
} from "@mailbrake/contract";
import { Button, Group, PasswordInput, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import { Notice } from "../../ui/Notice.tsx";
import panels from "../../ui/Panels.module.css";
import { AddressFields, typedPort } from "./AddressFields.tsx";
import styles from "./Enrol.module.css";
import { Fingerprint } from "./Fingerprint.tsx";

/** Installing over SSH copies the agent, discovers and connects; a slow host may take its time. */
const enrolTimeoutMs = 180_000;

/** Enrolment by signing in over SSH once: first the host's key is shown and confirmed, only then are credentials asked for. */
export function EnrolBySsh() {
  const [address, setAddress] = useState({ name: "", address: "", port: "22" });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const [confirmed, setConfirmed] = useState(false);
  const place = { address: address.address.trim(), port: typedPort(address.port) };
  const look = useMutation({
    mutationFn: () => send("POST", "/api/hosts/fingerprint", place, fingerprintViewSchema, { timeoutMs: 30_000 }),
  });
  const forget = () => {
    look.reset();
    setConfirmed(false);
  };
  return (
    <div className={panels.stack} style={{ marginTop: 0 }}>
      <section className={panels.panel} aria-labelledby="ssh-address">
        <h2 id="ssh-address" className={panels.title}>
          1. Where is it?
        </h2>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const found = firstIssues(fingerprintRequestSchema, place);
            if (address.name.trim() === "") found.name = "give it a name";
            setIssues(found);
            if (Object.keys(found).length === 0) look.mutate();
          }}
        >
          <AddressFields
            value={address}
            issues={issues}
            error={look.error}
            onChange={(value) => {
              setAddress(value);
              forget();
            }}
          />
          {look.isError && <ErrorNotice error={look.error} title="The key was not seen" />}
          {look.data === undefined && (
            <Button type="submit" mt="md" loading={look.isPending}>
              Look at its key
            </Button>
          )}
        </form>
      </section>
      {look.data !== undefined && (
        <section className={panels.panel} aria-labelledby="ssh-key">
          <h2 id="ssh-key" className={panels.title}>
            2. Is this its key?
          </h2>
          <div className={styles.seen}>
            <div className="small">
              {look.data.address} port {look.data.port} shows this {look.data.keyType} key:
            </div>
            <Fingerprint fingerprint={look.data.fingerprint} />
            <div className="small dimmed">
              Compare with what the host itself says on its console:{" "}
              <code className="mono">ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
            </div>
            {!confirmed && (
              <Group gap="xs">
                <Button onClick={() => setConfirmed(true)}>Confirm the fingerprint</Button>
                <Button variant="default" onClick={forget}>
                  It is another
                </Button>
              </Group>
            )}
            {confirmed && (
              <div className="small" style={{ color: "var(--mb-good-text)", fontWeight: 650 }}>
                Confirmed. Any other key stops the enrolment.
              </div>
            )}
          </div>
        </section>
      )}
      {confirmed && look.data !== undefined && (
        <SshCredentials name={address.name.trim()} place={place} fingerprint={look.data.fingerprint} />
      )}
    </div>
  );
}

interface SshCredentialsProps {
  name: string;
  place: { address: string; port: number };
  fingerprint: string;
}

function SshCredentials({ name, place, fingerprint }: SshCredentialsProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [way, setWay] = useState<"password" | "key">("password");
  const [form, setForm] = useState({ user: "root", password: "", privateKey: "", passphrase: "" });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const secrets =
    way === "password"
      ? { password: form.password }
      : { privateKey: form.privateKey, ...(form.passphrase === "" ? {} : { passphrase: form.passphrase }) };
  const request = { name, ...place, user: form.user.trim(), fingerprint, ...secrets };
  const enrol = useMutation({
    mutationFn: () => send("POST", "/api/hosts/enrol-by-ssh", request, hostViewSchema, { timeoutMs: enrolTimeoutMs }),
    onSuccess: (host) => {
      void queryClient.invalidateQueries();
      void navigate({ to: "/hosts/$hostId", params: { hostId: host.id } });
    },
  });
  const field = (key: keyof typeof form) => ({
    value: form[key],
    error: issues[key] ?? fieldError(enrol.error, key),
    autoComplete: "off",
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [key]: value }));
    },
  });
  return (
    <section className={panels.panel} aria-labelledby="ssh-credentials">
      <h2 id="ssh-credentials" className={panels.title}>
        3. Sign in there, once
      </h2>
      <p className={styles.lead}>
        Used for this installation alone and kept nowhere. The user must be root, or allowed to sudo.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = firstIssues(enrolBySshRequestSchema, request);
          if (way === "password" && form.password === "") found.password = "the password is missing";
          if (way === "key" && form.privateKey.trim() === "") found.privateKey = "the private key is missing";
          setIssues(found);
          if (Object.keys(found).length === 0) enrol.mutate();
        }}
      >
        <SegmentedControl
          size="xs"
          aria-label="Sign in with"
          value={way}
          onChange={(value) => setWay(value as typeof way)}
          data={[
            { value: "password", label: "Password" },
            { value: "key", label: "Private key" },
          ]}
        />
        <div className={styles.credentials}>
          <TextInput label="SSH user" autoCapitalize="none" {...field("user")} />
          {way === "password" ? (
            <PasswordInput label="SSH password" {...field("password")} />
          ) : (
            <>
              <Textarea label="Private key" rows={4} classNames={{ input: "mono" }} {...field("privateKey")} />
              <PasswordInput
                label="Passphrase of the key"
                description="Empty where it has none."
                {...field("passphrase")}
              />
            </>
          )}
        </div>
        {enrol.isPending && (
          <div role="status" style={{ marginTop: 12 }}>
            <Notice>
              <strong>Enrolling {name}…</strong>
              <span>
                Signing in, installing the agent, connecting with its own key, and discovering. This can take a minute.
              </span>
            </Notice>
          </div>
        )}
        {enrol.isError && (
          <div style={{ marginTop: 12 }}>
            <ErrorNotice error={enrol.error} title="The host was not enrolled" />
          </div>
        )}
        <Button type="submit" mt="md" loading={enrol.isPending}>
          Enrol the host
        </Button>
      </form>
    </section>
  );
}
