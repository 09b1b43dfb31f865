// Who is heard and who is not, by the packets that are played: when the last one was, and how loud its sender said it
// is (RFC 6464). Dozens of calls run beside each other on a small machine; this costs next to nothing.
(() => {
  const LOOK_MS = 60;
  /** Packets are 60 ms long; who has played none for that long is silent. */
  const STALE_MS = 250;
  /** A tone of the laboratory is at about 0.3. */
  const SOMEBODY = 0.01;
  const ears = [];

  /** An ear that listens to one connection at a time: `connection()` says which. */
  window.newEar = (connection) => {
    /** Closed stretches without a voice, by the clock of `wire.now()`. */
    const gaps = [];
    let heardMs = window.wire.now();
    let isHearing = false;
    ears.push(() => {
      const receiver = connection()
        ?.getReceivers?.()
        .find(({ track }) => track?.kind === 'audio');
      // Sources of the last ten seconds; after a restart the newest one counts.
      const source = receiver?.getSynchronizationSources().sort((a, b) => b.timestamp - a.timestamp)[0];
      const nowMs = window.wire.now();
      const isVoice = source !== undefined && (source.audioLevel ?? 0) > SOMEBODY;
      const playedMs = isVoice ? Math.min(source.timestamp, nowMs) : heardMs;
      const isFresh = isVoice && nowMs - playedMs < STALE_MS;
      if (isFresh && !isHearing) gaps.push({ startMs: heardMs, durationMs: Math.round(playedMs - heardMs) });
      // A look that comes late, in a page that is busy, has seen no silence.
      isHearing = isFresh || (isHearing && nowMs - heardMs < STALE_MS);
      if (isFresh) heardMs = playedMs;
    });
    return {
      hears: () => isHearing,
      gaps: () =>
        isHearing
          ? gaps
          : [
              ...gaps,
              { startMs: heardMs, durationMs: Math.round(window.wire.now() - heardMs), isOpen: true },
            ],
    };
  };

  setInterval(() => {
    for (const listen of ears) listen();
  }, LOOK_MS);
})();
