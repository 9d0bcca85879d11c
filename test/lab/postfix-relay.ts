import {
  commonSettings,
  finishPostfix,
  nextHop,
  startPostfix,
  transportToSink,
  trustedNetworks,
} from "./postfix-settings.ts";
import { labDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";

/** Where the relay's second instance listens. */
export const secondInstancePort = 2525;

/** A relay for the lab's own machines, and beside it a second Postfix instance with its configuration in /etc/postfix-out. */
export function postfixRelay(context: SetupContext): RoleSetup {
  const address = `${context.network}.${context.host.octet}`;
  return {
    files: [
      { path: "/etc/postfix/main.cf", content: mainCf(context), mode: "644" },
      { path: "/etc/postfix/transport", content: transportToSink(context), mode: "644" },
    ],
    configure: `touch -d '1 minute ago' /etc/postfix/main.cf
postmulti -e init
touch -d '1 minute ago' /etc/postfix/main.cf
postmulti -I postfix-out -G mta -e create
cat > /etc/postfix-out/main.cf <<'MAIN'
${secondMainCf(context)}MAIN
sed -i 's/^smtp  *inet /${address}:${secondInstancePort} inet /' /etc/postfix-out/master.cf
touch -d '1 minute ago' /etc/postfix/main.cf /etc/postfix-out/main.cf
postmulti -i postfix-out -e enable
${finishPostfix}`,
    start: `/usr/lib/postfix/configure-instance.sh postfix-out\n${startPostfix}`,
    ports: [25, secondInstancePort],
  };
}

function mainCf(context: SetupContext): string {
  return `# Relay for the machines of this network.
${commonSettings(context)}
mydestination = $myhostname, localhost
mynetworks = ${trustedNetworks(context)}
inet_interfaces = all
inet_protocols = ipv4
transport_maps = hash:/etc/postfix/transport
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
transport_retry_time = 5s
`;
}

function secondMainCf(context: SetupContext): string {
  return `# The way out for applications: own queue, own limits.
multi_instance_name = postfix-out
multi_instance_group = mta
queue_directory = /var/spool/postfix-out
data_directory = /var/lib/postfix-out

${commonSettings(context)}myorigin = ${labDomain}
mydestination =
mynetworks = ${trustedNetworks(context)}
inet_interfaces = ${context.network}.${context.host.octet}
inet_protocols = ipv4
relayhost = ${nextHop(context, "sink")}
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_non_fqdn_recipient,
    permit_mynetworks, reject
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
transport_retry_time = 5s
`;
}
