"""Films and songs made by ffmpeg. Each picture of a film has its number painted on it, as stripes that are
black or white: a page reads it from a canvas."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from browser.support import ROOT

MADE = ROOT / ".setup" / "clips"
SECONDS = 40
RATE = 25
BITS = 12
STRIPE = 16
_STRIPES = f"if(bitand(N\\,pow(2\\,floor(X/{STRIPE})))\\,235\\,16)"
_NOISE = "if(lt(Y\\,48)\\,{stripes}\\,random(1)*60+90)"
_PICTURE = (
    f"nullsrc=size={BITS * STRIPE}x96:rate={RATE},format=yuv420p,"
    f"geq=lum={_NOISE.format(stripes=_STRIPES)}:cb=128:cr=128"
)
_SOUND = "sine=frequency={frequency}:sample_rate=48000"
_AVC = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p"]
_AAC = ["-c:a", "aac", "-b:a", "64k"]
_VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50", "-b:v", "600k"]
_VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"]
_FAST = ["-movflags", "+faststart"]
_FRAGMENTED = ["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]

FILMS: dict[str, list[str]] = {
    "first.mp4": [*_AVC, *_AAC, *_FAST],
    "last.mp4": [*_AVC, *_AAC],
    "fragmented.mp4": [*_AVC, *_AAC, *_FRAGMENTED],
    "film.mkv": [*_AVC, *_AAC],
    "vp9.webm": [*_VP9, "-c:a", "libopus"],
    "vp8.webm": [
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-g",
        "50",
        "-c:a",
        "libvorbis",
    ],
}
SONGS: dict[str, list[str]] = {
    "song.mp3": ["-c:a", "libmp3lame"],
    "song.aac": _AAC,
    "song.m4a": _AAC,
    "song.flac": ["-c:a", "flac"],
    "vorbis.ogg": ["-c:a", "libvorbis"],
    "opus.ogg": ["-c:a", "libopus"],
}


class Clips:
    """Files by name, each made when it is first asked for. `gap.webm` has nothing between 10 and 22 s."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        path = self._folder / name
        if not path.exists():
            self._make(name, path)
        return path.read_bytes()

    def first_picture(self, name: str) -> float:
        """When the first picture of a film is shown, in seconds: not every container can begin at zero."""
        self[name]
        probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=start_time"]
        out = subprocess.run([*probe, "-of", "csv=p=0", self._folder / name], capture_output=True, check=True)
        return float(out.stdout)

    def _make(self, name: str, path: Path) -> None:
        sound = ["-f", "lavfi", "-i", _SOUND.format(frequency=440)]
        if name in SONGS:
            _ffmpeg([*sound, "-t", str(SECONDS), *SONGS[name]], path)
            return
        picture = ["-f", "lavfi", "-i", _PICTURE]
        if name in FILMS:
            _ffmpeg([*picture, *sound, "-t", str(SECONDS), *FILMS[name]], path)
            return
        if name == "gap.webm":
            cut = "'not(between(t\\,10\\,22))'"
            cuts = ["-vf", f"select={cut}", "-af", f"aselect={cut}", "-fps_mode", "passthrough"]
            _ffmpeg([*picture, *sound, "-t", str(SECONDS), *cuts, *FILMS["vp8.webm"]], path)
            return
        assert name == "languages.mp4", name
        second = ["-f", "lavfi", "-i", _SOUND.format(frequency=880)]
        maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a"]
        languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
        _ffmpeg(
            [*picture, *sound, *second, "-t", str(SECONDS), *maps, *languages, *_AVC, *_AAC, *_FAST], path
        )


def _ffmpeg(arguments: list[str], path: Path) -> None:
    """What was made once is kept, for the next test and the next run."""
    kept = MADE / (hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:16] + path.suffix)
    if not kept.exists():
        MADE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=MADE) as folder:
            new = Path(folder, path.name)
            subprocess.run(["ffmpeg", "-v", "error", *arguments, new], check=True)
            new.rename(kept)
    shutil.copy(kept, path)


def constant_film(path: Path, seconds: int, mbit: float) -> bytes:
    """One of so many Mbit/s, all the time."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={RATE}:duration={seconds}"]
    rate = ["-b:v", f"{mbit}M", "-minrate", f"{mbit}M", "-maxrate", f"{mbit}M", "-bufsize", f"{mbit}M"]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"]
    _ffmpeg([*picture, *codec, *rate, "-x264-params", "nal-hrd=cbr", *_FAST], path)
    return path.read_bytes()


def large_film(path: Path) -> bytes:
    """One of 1280 x 720 and 4 Mbit/s."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={RATE}", "-f", "lavfi"]
    sound = ["-i", _SOUND.format(frequency=440), "-t", str(SECONDS), *_AAC]
    codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "50"]
    rate = ["-b:v", "4M", "-maxrate", "5M", "-bufsize", "8M"]
    _ffmpeg([*picture, *sound, *codec, *rate, *_FAST], path)
    return path.read_bytes()
