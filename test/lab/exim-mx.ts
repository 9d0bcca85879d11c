import { eximConfigure } from "./exim-configure.ts";
import { submissionLogin } from "./postfix-mx.ts";
import { nextHop, trustedNetworks } from "./postfix-settings.ts";
import { fullName, labDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";
import type { SeedFile } from "./seed-file.ts";

/** How the configuration of an Exim host is kept; `upstream` is a whole configure file that replaces Debian's generated one. */
export type EximLayout = "single" | "split" | "upstream";

/** An inbound mail exchanger on Exim: ports 25 and 587 (login with `submissionLogin`), mail for lab.example goes on to the sink. */
export function eximMx(context: SetupContext): RoleSetup {
  const layout = context.host.eximLayout ?? "single";
  const files: SeedFile[] = [{ path: "/etc/mailname", content: labDomain, mode: "644" }];
  let configure = "";
  if (layout === "upstream") {
    files.push({ path: "/etc/exim4/exim4.conf", content: eximConfigure(context), mode: "644" });
  } else {
    files.push({ path: "/etc/exim4/update-exim4.conf.conf", content: debianSettings(context, layout), mode: "644" });
    if (layout === "split") {
      files.push(
        { path: "/etc/exim4/conf.d/main/000_localmacros", content: localMacros, mode: "644" },
        { path: "/etc/exim4/conf.d/auth/20_lab", content: authenticator, mode: "640", owner: "root:Debian-exim" },
      );
    } else {
      configure = `cat >> /etc/exim4/exim4.conf.template <<'AUTH'\n${authenticator}AUTH\necho 'daemon_smtp_ports = 25 : 587' > /etc/exim4/exim4.conf.localmacros\n`;
    }
    configure += "update-exim4.conf\n";
  }
  return {
    files,
    configure,
    start: "install -d -o Debian-exim -g Debian-exim -m 750 /run/exim4\nrm -f /run/exim4/exim.pid\nexim4 -bd -q30m\n",
    ports: [25, 587],
  };
}

/** The one authenticator of every layout; without TLS, as the lab has no certificates. */
const authenticator = `# people's own mail programs
lab_plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${submissionLogin.user}}}{eq{$auth3}{${submissionLogin.password}}}}}
  server_set_id = $auth2
`;

const localMacros = `# Macros of this site.  Everything else is left to debconf.
daemon_smtp_ports = 25 : 587
  # bounces that nobody wants
MAIN_IGNORE_BOUNCE_ERRORS_AFTER = 1d
`;

function debianSettings(context: SetupContext, layout: EximLayout): string {
  const networks = trustedNetworks(context).split(/\s+/).join(" ; ");
  return `# /etc/exim4/update-exim4.conf.conf
# Edited by hand, see update-exim4.conf(8).
dc_eximconfig_configtype='smarthost'
dc_other_hostnames='${fullName(context.host)}'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains='${labDomain};partner.example'
dc_minimaldns='false'
dc_relay_nets='${networks}'
dc_smarthost='${nextHop(context, "sink").replace(/[[\]]/g, "")}'
CFILEMODE='644'
dc_use_split_config='${layout === "split"}'
dc_hide_mailname='false'
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
`;
}
