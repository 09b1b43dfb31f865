/** The configuration that a phone of the lab gives baresip 1.0. */

export interface BaresipPlace {
  readonly host: string;
  readonly sipPort: number;
  readonly controlPort: number;
  readonly toneHz: number;
  /** Where it leaves what it hears. */
  readonly recordings: string;
}

/** Free of secrets: the account is made over the control port. */
export function configuration({ host, sipPort, controlPort, toneHz, recordings }: BaresipPlace): string {
  return [
    'poll_method epoll',
    `sip_listen ${host}:${sipPort}`,
    // Loopback is passed over unless it is named, and this wants an address.
    `net_interface ${host}`,
    'call_max_calls 1',
    // Sine waves come at this rate and in stereo only.
    `audio_source ausine,${toneHz}`,
    'ausrc_srate 48000',
    'ausrc_channels 2',
    // A bridge with nothing at its other end: baresip decodes only what it can play.
    'audio_player aubridge,ear',
    'audio_alert aubridge,bell',
    'audio_buffer 20-160',
    'jitter_buffer_delay 1-3',
    'module_path /usr/lib/baresip/modules',
    ...['g711', 'sndfile', 'ausine', 'aubridge'].map((name) => `module ${name}.so`),
    'module_tmp account.so',
    ...['menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    `snd_path ${recordings}`,
    '',
  ].join('\n');
}

export interface BaresipAccount {
  readonly user: string;
  readonly domain: string;
  /** `host:port` of the server. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

/** Seconds; longer than any scenario. */
const registersForSeconds = 600;

/** An address of record with parameters as the command `uanew` takes it. */
export function account({ user, domain, server, username, password }: BaresipAccount): string {
  for (const value of [user, domain, username, password]) {
    if (/[;<>"\s]/.test(value)) throw new Error('An account of baresip cannot be written with this');
  }
  const parameters = [
    `outbound="sip:${server}"`,
    `auth_user=${username}`,
    `auth_pass=${password}`,
    `regint=${registersForSeconds}`,
    'answermode=manual',
    'audio_codecs=pcmu',
  ];
  return `<sip:${user}@${domain}>;${parameters.join(';')}`;
}
