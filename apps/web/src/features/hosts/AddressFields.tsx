import { TextInput } from "@mantine/core";
import { fieldError } from "../../ui/ErrorNotice.tsx";
import styles from "./AddressFields.module.css";

export interface HostAddress {
  name: string;
  address: string;
  port: string;
}

interface AddressFieldsProps {
  value: HostAddress;
  issues: Record<string, string>;
  error: unknown;
  onChange: (value: HostAddress) => void;
}

/** The request's form of the typed port; what is no number is left for the schema to refuse. */
export function typedPort(port: string): number {
  return /^\d{1,5}$/.test(port.trim()) ? Number(port.trim()) : Number.NaN;
}

/** Name, address and SSH port of a host. */
export function AddressFields({ value, issues, error, onChange }: AddressFieldsProps) {
  const field = (name: keyof HostAddress) => ({
    value: value[name],
    error: issues[name] ?? fieldError(error, name),
    autoComplete: "off",
    autoCapitalize: "none",
    spellCheck: false,
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ ...value, [name]: event.currentTarget.value }),
  });
  return (
    <div className={styles.fields}>
      <TextInput label="Name" description="As you call it" placeholder="mx1" {...field("name")} />
      <TextInput
        label="Address"
        description="Name or IP of its SSH"
        placeholder="mx1.example.org"
        {...field("address")}
      />
      <TextInput label="SSH port" description="Mostly 22" inputMode="numeric" {...field("port")} />
    </div>
  );
}
