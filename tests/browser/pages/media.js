// What the tests of players ask of a page, besides helpers.js and serve.js.

/** A video element on the page; silent, so that it may start by itself. */
function screen(tag = 'video') {
  const element = document.createElement(tag);
  element.muted = true;
  element.width = 320;
  document.body.append(element);
  return element;
}

/** The file of a torrent that is added by its .torrent file, an array. */
async function fileOf(torrentFile, owner, options = {}) {
  const torrent = watch(owner.add(new Uint8Array(torrentFile), options));
  await torrent.whenReady();
  return torrent.files[0];
}

/** A torrent's file that plays on an element of its own, once that has its metadata. */
async function shown(torrentFile, owner = client([])) {
  const element = screen();
  const file = await fileOf(torrentFile, owner);
  file.streamTo(element);
  await happens(element, 'loadedmetadata');
  return element;
}

const happens = (target, name, seconds = 20) =>
  new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    if (name !== 'error') {
      target.addEventListener('error', (event) => reject(new Error(event.detail?.message ?? target.error?.message ?? 'error')), { once: true });
    }
    setTimeout(() => reject(new Error(`no ${name} within ${seconds} s`)), seconds * 1000);
  });

const within = async (seconds, what) => {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const value = await what();
    if (value || performance.now() > until) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** The number that is painted on the picture. */
function pictureNumber(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 24, canvas.width, 1);
  let number = 0;
  for (let bit = 0; bit < 12; bit++) if (data[(bit * 16 + 8) * 4] > 127) number |= 1 << bit;
  return number;
}

/** Goes to a time; gives the number of the picture that is shown there. */
async function pictureAt(video, seconds, firstPicture = 0) {
  const seeked = happens(video, 'seeked');
  video.currentTime = seconds + firstPicture;
  await seeked;
  const wanted = Math.floor(seconds * 25);
  // `seeked` may come a moment before the picture.
  await within(1, () => pictureNumber(video) === wanted);
  return pictureNumber(video);
}

/** Plays from a time on: seconds that passed on the element, or what went wrong. */
async function playFrom(element, seconds, long = 0.6) {
  element.currentTime = seconds;
  await element.play();
  const moved = await within(15, () => element.currentTime >= seconds + long);
  element.pause();
  return moved;
}

async function playToTheEnd(element) {
  const ended = happens(element, 'ended');
  element.currentTime = element.duration - 1;
  await element.play();
  await ended;
}

/** Plays one file from the start, from the middle and to its end. Gives what is wrong, or null. */
async function playThrough(file, firstPicture, pictures) {
  const element = screen(firstPicture === null ? 'audio' : 'video');
  element.defaultPlaybackRate = element.playbackRate = 4;
  let wrong = null;
  file.on('warning', ({ code, message }) => {
    if (code === 'ERR_MEDIA_BROKEN') wrong = message;
  });
  try {
    const ready = new Promise((resolve, reject) => file.streamTo(element, (error) => (error ? reject(error) : resolve())));
    await ready;
    if (!(await playFrom(element, 0))) return `does not play from 0: ${element.currentTime}`;
    // Browsers know it of some files when they have read enough of them.
    if (!(await within(30, () => Math.abs(element.duration - 40) <= 0.8))) return `its duration is ${element.duration}`;
    if (!(await playFrom(element, 20))) return `does not play from the middle: ${element.currentTime}`;
    for (const seconds of firstPicture === null ? [] : pictures) {
      const number = await pictureAt(element, seconds, firstPicture);
      if (number !== Math.floor(seconds * 25)) return `at ${seconds} is picture ${number}`;
    }
    await playToTheEnd(element);
    return wrong;
  } catch (error) {
    return `${error.code ?? ''} ${error.message}`;
  } finally {
    element.remove();
  }
}

/** Every file, given as [name, .torrent, when its first picture is shown], one after the other; gives what is wrong by name. */
async function playAll(files, pictures, served) {
  const owner = client([]);
  if (served) await serve(owner);
  const wrong = {};
  for (const [name, torrentFile, firstPicture] of files) {
    const fault = await playThrough(await fileOf(torrentFile, owner), firstPicture, pictures);
    if (fault) wrong[name] = fault;
  }
  return wrong;
}
