/**
 * Early media (RFC 3960): JsSIP has no 183 with SDP for the called side, so its 200 is sent as a 183 first
 * and goes out as itself when the time has come.
 */
import type { JsSipMessage, JsSipSession } from './jssip-types';

export function withEarlyMedia(session: JsSipSession, request: JsSipMessage, durationMs: number): void {
  const reply = request.reply.bind(request);
  let answer: NodeJS.Timeout | undefined;
  request.reply = (status, reason, headers, body, onSuccess, onFailure) => {
    if (status !== 200 || answer !== undefined) {
      reply(status, reason, headers, body, onSuccess, onFailure);
      return;
    }
    reply(183, 'Session Progress', headers, body);
    answer = setTimeout(() => {
      reply(status, reason, headers, body, onSuccess, onFailure);
    }, durationMs);
  };
  const stop = (): void => {
    clearTimeout(answer);
  };
  session.on('failed', stop);
  session.on('ended', stop);
}
