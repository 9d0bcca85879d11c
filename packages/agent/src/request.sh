# One request line, from outside: read into R_* by parameter expansion and case alone. No value is expanded as a word,
# a pattern or a program; what is not on a list is refused before anything is forked.

REQUEST_VERBS='hello discover arm disarm plan apply lift status probe expire selftest'

request_clear() {
  R_verb='' R_keys=' ' R_app='' R_brake='' R_instance='' R_point='' R_effect='' R_match='' R_match2='' R_match3='' R_text=''
  R_connections='' R_messages='' R_recipients='' R_ttl='' R_by='' R_reason='' R_op='' R_sender='' R_recipient=''
  ANSWER_ID=- FAIL_CODE='' FAIL_FIELD='' FAIL_MESSAGE=''
}

# request_parse LINE: sets ANSWER_ID, R_verb, R_keys and R_<key> (decoded), or fails.
request_parse() {
  request_clear
  if [ "${#1}" -gt 8191 ]; then
    request_id "$1"
    fail bad-line '' 'the line is longer than 8192 bytes'
    return 1
  fi
  request_id "$1"
  case $1 in
  *[!A-Za-z0-9._~=%\ -]*)
    fail bad-line '' 'a byte that may not stand in a request line: percent-encode values'
    return 1
    ;;
  ' '* | *' ' | *'  '* | '')
    fail bad-line '' 'not of the form ID VERB key=value, with single spaces between'
    return 1
    ;;
  esac
  if [ "$ANSWER_ID" = - ]; then
    fail bad-line '' 'the id must be 1 to 32 letters or digits'
    return 1
  fi
  request_rest=${1#* }
  if [ "$request_rest" = "$1" ]; then
    fail bad-line '' 'the verb is missing'
    return 1
  fi
  R_verb=${request_rest%% *}
  case " $REQUEST_VERBS " in
  *" $R_verb "*) ;;
  *)
    request_shown=$R_verb
    [ "${#R_verb}" -le 40 ] || request_shown='a word of more than 40 letters'
    R_verb=
    fail unknown-verb '' "unknown verb: $request_shown; there are: $REQUEST_VERBS"
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
  request_missing
}

# The id, where one can be read, so that the client knows which request was refused.
request_id() {
  request_first=${1%% *}
  case $request_first in
  '' | *[!A-Za-z0-9]*) ;;
  *) [ "${#request_first}" -gt 32 ] || ANSWER_ID=$request_first ;;
  esac
}

request_pair() {
  request_key=${1%%=*}
  if [ "$request_key" = "$1" ]; then
    fail bad-line '' 'a word after the verb is not of the form key=value'
    return 1
  fi
  request_value=${1#*=}
  case $request_key in
  app | match | match2 | match3) ;;
  brake | instance | point | effect | text | connections | messages | recipients | ttl | by | reason | op | sender | recipient) ;;
  *)
    [ "${#request_key}" -le 40 ] || request_key='a key of more than 40 letters'
    fail unknown-key "$request_key" "unknown key: $request_key"
    return 1
    ;;
  esac
  request_allowed "$R_verb"
  case " $REQUEST_ALLOWED " in
  *" $request_key "*) ;;
  *)
    fail unknown-key "$request_key" "$R_verb takes no $request_key; it takes: ${REQUEST_ALLOWED:-nothing}"
    return 1
    ;;
  esac
  case $R_keys in
  *" $request_key "*)
    fail bad-line "$request_key" "$request_key stands more than once"
    return 1
    ;;
  esac
  R_keys="$R_keys$request_key "
  case $request_value in
  *=*)
    fail bad-line "$request_key" "the value of $request_key holds an = that is not percent-encoded"
    return 1
    ;;
  esac
  request_most "$request_key"
  if [ "${#request_value}" -gt "$((REQUEST_MOST * 3))" ]; then
    fail too-long "$request_key" "$request_key has more than $REQUEST_MOST bytes"
    return 1
  fi
  if ! percent_decode "$request_value"; then
    fail bad-value "$request_key" "$request_key holds a control character, a stray %, or bytes that are not UTF-8"
    return 1
  fi
  # In the C locale a character is a byte.
  if [ "${#DECODED}" -gt "$REQUEST_MOST" ]; then
    fail too-long "$request_key" "$request_key has more than $REQUEST_MOST bytes"
    return 1
  fi
  request_set "$request_key" "$DECODED"
}

request_set() {
  case $1 in
  app) R_app=$2 ;;
  brake) R_brake=$2 ;;
  instance) R_instance=$2 ;;
  point) R_point=$2 ;;
  effect) R_effect=$2 ;;
  match) R_match=$2 ;;
  match2) R_match2=$2 ;;
  match3) R_match3=$2 ;;
  text) R_text=$2 ;;
  connections) R_connections=$2 ;;
  messages) R_messages=$2 ;;
  recipients) R_recipients=$2 ;;
  ttl) R_ttl=$2 ;;
  by) R_by=$2 ;;
  reason) R_reason=$2 ;;
  op) R_op=$2 ;;
  sender) R_sender=$2 ;;
  recipient) R_recipient=$2 ;;
  esac
}

request_most() {
  case $1 in
  app) REQUEST_MOST=40 ;;
  brake) REQUEST_MOST=12 ;;
  instance) REQUEST_MOST=255 ;;
  point) REQUEST_MOST=120 ;;
  match*) REQUEST_MOST=400 ;;
  text) REQUEST_MOST=200 ;;
  connections | messages | recipients) REQUEST_MOST=6 ;;
  by) REQUEST_MOST=80 ;;
  reason) REQUEST_MOST=300 ;;
  sender | recipient) REQUEST_MOST=320 ;;
  *) REQUEST_MOST=8 ;;
  esac
}

# Which keys a verb takes, and which of them it can't do without.
request_allowed() {
  REQUEST_ALLOWED='' REQUEST_NEEDED=''
  request_brake='instance point effect match'
  case $1 in
  arm | disarm) REQUEST_NEEDED=instance REQUEST_ALLOWED='instance by reason' ;;
  apply)
    REQUEST_NEEDED="app brake $request_brake ttl by reason"
    REQUEST_ALLOWED="$REQUEST_NEEDED match2 match3 text connections messages recipients"
    ;;
  plan)
    case $R_op in
    lift) REQUEST_NEEDED=app ;;
    arm | disarm) REQUEST_NEEDED=instance ;;
    *) REQUEST_NEEDED=$request_brake ;;
    esac
    REQUEST_ALLOWED="app brake $request_brake match2 match3 text connections messages recipients ttl by reason op"
    ;;
  lift) REQUEST_NEEDED='app by reason' REQUEST_ALLOWED='app by reason' ;;
  status) REQUEST_ALLOWED=app ;;
  probe) REQUEST_NEEDED='instance point sender recipient' REQUEST_ALLOWED=$REQUEST_NEEDED ;;
  esac
}

request_missing() {
  request_allowed "$R_verb"
  for request_key in $REQUEST_NEEDED; do
    case $R_keys in
    *" $request_key "*) ;;
    *)
      fail missing-key "$request_key" "$R_verb needs $request_key"
      return 1
      ;;
    esac
  done
}
