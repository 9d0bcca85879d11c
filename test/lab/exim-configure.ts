import { submissionLogin } from "./postfix-mx.ts";
import { nextHop, trustedNetworks } from "./postfix-settings.ts";
import { fullName, labDomain, type SetupContext } from "./role-setup.ts";

/** A configure file as Exim's own default has it, cut to size, with an admin's own checks at connect and before DATA. */
export function eximConfigure(context: SetupContext): string {
  return `######################################################################
#  Exim of ${context.host.name}, from the default configuration         #
######################################################################
primary_hostname = ${fullName(context.host)}
domainlist local_domains = @ : localhost
domainlist relay_to_domains = ${labDomain} : partner.example
hostlist   relay_from_hosts = <; ${trustedNetworks(context).split(/\s+/).join(" ; ")}

# a known nuisance, since 2019
acl_smtp_connect = acl_check_connect
acl_smtp_rcpt =         acl_check_rcpt
acl_smtp_predata = "acl_check_predata"
local_interfaces = 0.0.0.0.25 : 0.0.0.0.587
never_users = root
host_lookup =
rfc1413_query_timeout = 0s
prdr_enable = true
log_selector = +smtp_protocol_error \\
               +smtp_syntax_error
ignore_bounce_errors_after = 2d
timeout_frozen_after = 7d
keep_environment =
untrusted_set_sender = *
local_from_check = false

begin acl

acl_check_connect:
  deny    hosts = 198.51.100.7
          message = not from you
  accept

acl_check_rcpt:
  accept  hosts = :
  deny    message       = Restricted characters in address
          local_parts   = ^[./|] : ^.*[@%!] : ^.*/\\\\.\\\\./
  accept  local_parts   = postmaster
          domains       = +local_domains : +relay_to_domains
  require verify        = sender
  accept  hosts         = +relay_from_hosts
          control       = submission
  accept  authenticated = *
          control       = submission
  require message = relay not permitted
          domains = +local_domains : +relay_to_domains
  require verify = recipient
  accept

acl_check_predata:
  deny    condition = \${if eq{$sender_helo_name}{rude.example}}
          message = not to a rude one
  accept

begin routers

smarthost:
  driver = manualroute
  domains = ! +local_domains
  transport = remote_smtp
  route_list = * ${nextHop(context, "sink").replace(/[[\]]/g, "")}
  no_more

localuser:
  driver = accept
  check_local_user
  transport = local_delivery
  cannot_route_message = Unknown user

begin transports

remote_smtp:
  driver = smtp

local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data
  delivery_date_add
  envelope_to_add
  return_path_add
  group = mail
  mode = 0660

begin retry
*                      *           F,2h,15m; G,16h,1h,1.5; F,4d,6h

begin rewrite

begin authenticators

lab_plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${submissionLogin.user}}}{eq{$auth3}{${submissionLogin.password}}}}}
  server_set_id = $auth2
`;
}
