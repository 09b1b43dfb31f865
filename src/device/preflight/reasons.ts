/** What a reason code of the preflight means. */
export interface PreflightReasonEntry {
  /** What was found, in one sentence. */
  readonly summary: string;
  /** What the agent's helpdesk can do about it. */
  readonly remedy: string;
}

function entry(summary: string, remedy: string): PreflightReasonEntry {
  return { summary, remedy };
}

/** A reason code of the preflight. */
export type PreflightReason =
  | 'BROWSER_UNSUPPORTED'
  | 'PAGE_NOT_SECURE'
  | 'MICROPHONE_DENIED'
  | 'MICROPHONE_UNANSWERED'
  | 'MICROPHONE_NOT_FOUND'
  | 'MICROPHONE_BUSY'
  | 'MICROPHONE_FAILED'
  | 'MICROPHONE_MUTED'
  | 'MICROPHONE_SILENT'
  | 'TOKEN_INVALID'
  | 'TOKEN_EXPIRED'
  | 'CLOCK_WRONG'
  | 'CREDENTIALS_REFUSED'
  | 'CREDENTIALS_UNREACHABLE'
  | 'CREDENTIALS_FAILED'
  | 'WEBSOCKET_UNREACHABLE'
  | 'SIP_AUTH_REFUSED'
  | 'REGISTRATION_REFUSED'
  | 'REGISTRATION_TIMEOUT'
  | 'STUN_UNREACHABLE'
  | 'TURN_UDP_UNREACHABLE'
  | 'TURN_TCP_UNREACHABLE'
  | 'TURN_TLS_UNREACHABLE'
  | 'TURN_REFUSED'
  | 'TURN_NO_DATA'
  | 'TURN_NOT_CONFIGURED'
  | 'ICE_SERVER_INVALID'
  | 'ECHO_FAILED'
  | 'ECHO_UNANSWERED'
  | 'ECHO_ENDED_EARLY'
  | 'ECHO_NO_AUDIO'
  | 'ECHO_INTERRUPTED'
  | 'ECHO_SILENT'
  | 'ECHO_UNMEASURED'
  | 'ECHO_POOR_QUALITY'
  | 'AUDIO_BLOCKED'
  | 'NOT_CONFIGURED'
  | 'NOT_REQUESTED'
  | 'PREREQUISITE_FAILED'
  | 'STOPPED'
  | 'SDK_NOT_LOADED'
  | 'UNEXPECTED';

/** Every reason code of the preflight. The README table is generated from this object. */
export const PREFLIGHT_REASONS: Readonly<Record<PreflightReason, PreflightReasonEntry>> = {
  BROWSER_UNSUPPORTED: entry(
    'The browser has no WebRTC, no WebSocket or no microphone access.',
    'Use a current Chrome, Edge, Firefox or Safari; in an iframe the page needs allow="microphone; autoplay".',
  ),
  PAGE_NOT_SECURE: entry(
    'The page was not loaded over HTTPS, so that the browser gives it no microphone.',
    'Open the page by its https: address.',
  ),
  MICROPHONE_DENIED: entry(
    'The browser or the system does not let the page use the microphone.',
    'Allow the microphone for this site in the browser, and for the browser in the settings of the system; reload.',
  ),
  MICROPHONE_UNANSWERED: entry(
    'Nobody answered the question whether the page may use the microphone.',
    'Answer the prompt of the browser with Allow, then run the check again.',
  ),
  MICROPHONE_NOT_FOUND: entry(
    'There is no microphone.',
    'Plug in the headset, or choose it as the input in the settings of the system.',
  ),
  MICROPHONE_BUSY: entry(
    'The microphone cannot be started; another application may hold it.',
    'Close other programs that use the microphone, plug the headset in again, restart the browser.',
  ),
  MICROPHONE_FAILED: entry(
    'The microphone could not be opened.',
    'Choose another input device; plug the headset in again, restart the browser.',
  ),
  MICROPHONE_MUTED: entry(
    'The system or a switch on the headset mutes the microphone.',
    'Look for a mute switch on the headset and for a muted input in the settings of the system.',
  ),
  MICROPHONE_SILENT: entry(
    'The microphone gives nothing but silence.',
    'Check the mute switch and the chosen input device; speak while the check runs.',
  ),
  TOKEN_INVALID: entry(
    'The access token cannot be used.',
    'Sign in again; when it persists, tell the developers of the page.',
  ),
  TOKEN_EXPIRED: entry('The access token has expired.', 'Reload the page or sign in again.'),
  CLOCK_WRONG: entry(
    'The access token is not valid yet: the clock of this machine is wrong.',
    'Let the system set date, time and time zone by itself.',
  ),
  CREDENTIALS_REFUSED: entry(
    'The platform refused the access token (HTTP 401 or 403).',
    'Sign in again; check that this agent may use the telephone.',
  ),
  CREDENTIALS_UNREACHABLE: entry(
    'The platform could not be reached, or did not answer in time.',
    'Check the network; the firewall, proxy or VPN has to let https: through to the platform.',
  ),
  CREDENTIALS_FAILED: entry(
    'The platform answered with an error, or with something that cannot be used.',
    'Try again in a minute; when it persists, tell the platform with the HTTP status of the report.',
  ),
  WEBSOCKET_UNREACHABLE: entry(
    'No WebSocket to the SIP server could be opened, or not to each of them (warned).',
    'The firewall, proxy or VPN has to let secure WebSockets (wss:) through to the servers of the report.',
  ),
  SIP_AUTH_REFUSED: entry(
    'The SIP server refused the credentials (401, 403, 407).',
    'Sign in again; check that the account of this agent is active.',
  ),
  REGISTRATION_REFUSED: entry(
    'The SIP server refused the registration.',
    'Tell the operator of the SIP server the SIP status of the report.',
  ),
  REGISTRATION_TIMEOUT: entry(
    'The SIP server did not answer the registration.',
    'Try again; a firewall or proxy may open WebSockets and pass nothing through them.',
  ),
  STUN_UNREACHABLE: entry(
    'A STUN server gave no answer, so that the browser does not know its public address.',
    'The firewall has to let UDP out to the STUN servers of the report; calls may need a TURN server until then.',
  ),
  TURN_UDP_UNREACHABLE: entry(
    'A TURN server gave no relay over UDP.',
    'The firewall or VPN has to let UDP out to the TURN servers of the report (usually port 3478).',
  ),
  TURN_TCP_UNREACHABLE: entry(
    'A TURN server gave no relay over TCP.',
    'The firewall or VPN has to let TCP out to the TURN servers of the report (usually port 3478).',
  ),
  TURN_TLS_UNREACHABLE: entry(
    'A TURN server gave no relay over TLS.',
    'The firewall has to let TLS out to the TURN servers of the report (usually port 5349 or 443) and must not open it up; the certificate of the server has to be valid.',
  ),
  TURN_REFUSED: entry(
    'A TURN server refused: wrong or expired credentials, or too many relays at once.',
    'Let the system set the clock by itself, sign in again; then tell the operator of the TURN server.',
  ),
  TURN_NO_DATA: entry(
    'A TURN server gave relays, but nothing came through them.',
    'Tell the operator of the TURN server: its relay ports are closed, or it may not relay to itself.',
  ),
  TURN_NOT_CONFIGURED: entry(
    'Calls may go through TURN servers only (`iceTransportPolicy` is `relay`), and there is none.',
    'Tell the developers of the page, or the platform: a TURN server is missing, or calls have to be allowed without one.',
  ),
  ICE_SERVER_INVALID: entry(
    'The browser does not take the address or the credentials of a STUN or TURN server.',
    'Tell the developers of the page, or the platform: the ICE servers are set up wrongly.',
  ),
  ECHO_FAILED: entry(
    'The echo call failed.',
    'Try again; look at the SIP status and the error code of the report.',
  ),
  ECHO_UNANSWERED: entry('Nobody answered the echo call.', 'Check the number of the echo service.'),
  ECHO_ENDED_EARLY: entry(
    'The echo call ended before its time.',
    'Check that the number is that of an echo service, and that it does not hang up sooner than `echo.durationMs`.',
  ),
  ECHO_NO_AUDIO: entry(
    'The echo call was answered, but no audio came.',
    'The firewall or VPN has to let UDP through, or a TURN server has to be reachable: look at the checks of those.',
  ),
  ECHO_INTERRUPTED: entry(
    'The audio of the echo call stopped, for a second or for good.',
    'Use a cable in place of Wi-Fi, try without the VPN; a firewall may close UDP after a moment: try another network.',
  ),
  ECHO_SILENT: entry(
    'The echo call brought nothing but digital silence.',
    'Speak while the check runs, look for a mute switch on the headset; check that the number is that of an echo service.',
  ),
  ECHO_UNMEASURED: entry(
    'The echo call could not be measured: no mean opinion score came of it.',
    'Try again in a current Chrome, Edge, Firefox or Safari; when it persists, tell the developers of the page.',
  ),
  ECHO_POOR_QUALITY: entry(
    'The echo call sounded poor: a mean opinion score under 3.6.',
    'Use a cable in place of Wi-Fi, close downloads and video, try without the VPN.',
  ),
  AUDIO_BLOCKED: entry(
    'The browser plays no sound before the agent has clicked on the page.',
    'Start the check by a click; allow sound for this site in the browser.',
  ),
  NOT_CONFIGURED: entry('There is no server of this kind.', 'None needed, unless calls have no audio.'),
  NOT_REQUESTED: entry('It was not asked for.', 'None.'),
  PREREQUISITE_FAILED: entry('A check that it needs has failed.', 'See that one.'),
  STOPPED: entry('The check was stopped.', 'Run it again.'),
  SDK_NOT_LOADED: entry(
    'The file with the checks could not be loaded.',
    'Check the network and reload; a content security policy has to allow it.',
  ),
  UNEXPECTED: entry(
    'Something failed that is not foreseen.',
    'Reload the page and try again; tell the developers of the page which browser it is.',
  ),
};
