# One request line, from outside: read into R_* by parameter expansion and case alone. No value is expanded as a word,
# a pattern or a program; what is not on a list is refused before anything is forked.

REQUEST_VERBS='hello discover arm disarm plan apply lift status probe expire selftest survey follow queue'

# shellcheck disable=SC2034 # read by way of the keys' names, some in the queue part alone
request_clear() {
  # Nothing for each.
  read -r R_verb R_app R_brake R_instance R_point R_effect R_match R_match2 R_match3 R_text R_connections R_messages R_recipients \
    R_ttl R_by R_reason R_op R_sender R_recipient R_cut R_rows R_seconds R_in R_older R_younger R_larger R_smaller R_limit R_after \
    R_message R_body R_job R_action R_rate R_ceiling R_deferrals R_of </dev/null || :
  ANSWER_ID=- R_keys=' ' FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''
}

# request_parse LINE: sets ANSWER_ID, R_verb, R_keys and R_<key> (decoded), or fails.
request_parse() {
  request_clear
  # The id, where one can be read, so that the client knows which request was refused.
  request_rest=${1%% *}
  case $request_rest in
  '' | *[!A-Za-z0-9]*) ;;
  *) [ "${#request_rest}" -gt 32 ] || ANSWER_ID=$request_rest ;;
  esac
  [ "${#1}" -le 8191 ] || request_bad 'the line is longer than 8192 bytes' || return 1
  case $1 in
  *[!A-Za-z0-9._~=%\ -]*) request_bad 'a byte that may not stand in a request line: percent-encode values' || return 1 ;;
  ' '* | *' ' | *'  '* | '') request_bad 'not of the form ID VERB key=value, with single spaces between' || return 1 ;;
  esac
  [ "$ANSWER_ID" != - ] || request_bad 'the id must be 1 to 32 letters or digits' || return 1
  request_rest=${1#* }
  [ "$request_rest" != "$1" ] || request_bad 'the verb is missing' || return 1
  R_verb=${request_rest%% *}
  case " $REQUEST_VERBS " in
  *" $R_verb "*) ;;
  *)
    [ "${#R_verb}" -le 40 ] || R_verb='a word of more than 40 letters'
    fail unknown-verb '' "unknown verb: $R_verb; there are: $REQUEST_VERBS"
    R_verb=
    return 1
    ;;
  esac
  while :; do
    case $request_rest in
    *' '*) request_rest=${request_rest#* } ;;
    *) break ;;
    esac
    request_pair "${request_rest%% *}" || return 1
  done
  request_allowed
  request_fits
}

# request_fits: that the keys are those of the verb.
request_fits() {
  # shellcheck disable=SC2086 # names of keys
  for request_key in $R_keys; do
    case " $REQUEST_ALLOWED " in
    *" $request_key "*) ;;
    *) fail unknown-key "$request_key" "$R_verb takes no $request_key; it takes: ${REQUEST_ALLOWED:-nothing}" || return 1 ;;
    esac
  done
  for request_key in $REQUEST_NEEDED; do
    case $R_keys in
    *" $request_key "*) ;;
    *) fail missing-key "$request_key" "$R_verb needs $request_key" || return 1 ;;
    esac
  done
}

request_bad() { fail bad-line "${2-}" "$1"; }

request_pair() {
  request_key=${1%%=*} request_value=${1#*=}
  [ "$request_key" != "$1" ] || request_bad 'a word is not of the form key=value' || return 1
  case $request_key in
  app | job | of) request_most=40 ;;
  brake | larger | smaller) request_most=12 ;;
  instance) request_most=255 ;;
  point | after) request_most=120 ;;
  match | match2 | match3) request_most=400 ;;
  text) request_most=200 ;;
  connections | messages | recipients | rate | ceiling | deferrals) request_most=6 ;;
  by) request_most=80 ;;
  reason) request_most=300 ;;
  sender | recipient) request_most=320 ;;
  effect | ttl | op | in | older | younger | action) request_most=8 ;;
  message) request_most=64 ;;
  rows | limit) request_most=3 ;;
  seconds) request_most=2 ;;
  cut | body) request_most=1 ;;
  *)
    [ "${#request_key}" -le 40 ] || request_key='a key of more than 40 letters'
    fail unknown-key "$request_key" "unknown key: $request_key" || return 1
    ;;
  esac
  case $R_keys in
  *" $request_key "*) request_bad "$request_key stands more than once" "$request_key" || return 1 ;;
  esac
  R_keys="$R_keys$request_key "
  case $request_value in
  *=*) request_bad "the value of $request_key holds an = that is not percent-encoded" "$request_key" || return 1 ;;
  esac
  if [ "${#request_value}" -le "$((request_most * 3))" ]; then
    percent_decode "$request_value" || fail bad-value "$request_key" "$request_key holds a control character, a stray %, or bytes that are not UTF-8" || return 1
    # In the C locale a character is a byte.
    request_value=$DECODED
  fi
  [ "${#request_value}" -le "$request_most" ] || fail too-long "$request_key" "$request_key has more than $request_most bytes" || return 1
  # The key is one of the names above.
  IFS= read -r "R_$request_key" <<END
$DECODED
END
}

# Which keys the verb takes, and which of them it can't do without.
request_allowed() {
  REQUEST_ALLOWED='' REQUEST_NEEDED=''
  request_brake='instance point effect match'
  request_more='match2 match3 text connections messages recipients cut'
  case $R_verb in
  arm | disarm) REQUEST_NEEDED=instance REQUEST_ALLOWED='instance by reason' ;;
  apply)
    REQUEST_NEEDED="app brake $request_brake ttl by reason"
    REQUEST_ALLOWED="$REQUEST_NEEDED $request_more"
    ;;
  plan)
    case $R_op in
    lift) REQUEST_NEEDED=app ;;
    arm | disarm) REQUEST_NEEDED=instance ;;
    *) REQUEST_NEEDED=$request_brake ;;
    esac
    REQUEST_ALLOWED="app brake $request_brake ttl by reason op $request_more"
    ;;
  lift) REQUEST_NEEDED='app by reason' REQUEST_ALLOWED='app by reason' ;;
  status) REQUEST_ALLOWED=app ;;
  probe) REQUEST_NEEDED='instance point sender recipient' REQUEST_ALLOWED=$REQUEST_NEEDED ;;
  # The rest is known to the part (request-part.sh).
  survey | follow | queue) REQUEST_NEEDED=instance REQUEST_ALLOWED=$R_keys ;;
  esac
}
