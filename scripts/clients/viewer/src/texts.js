// SPDX-License-Identifier: MIT
// What a person reads, in both languages. {name} is replaced.
const texts = {
  en: {
    title: "pi-edge viewer", settings: "Settings", devices: "Devices", temperature: "Temperature", pictures: "Pictures", gpio: "Inputs and outputs",
    answers: "Answers", interval: "Every", start: "Start", stop: "Stop", capture: "Take a picture", size: "Size", asConfigured: "as configured",
    quality: "Quality", count: "Series of", every: "one every", series: "Take a series", cancel: "Cancel", broker: "Broker", user: "User name",
    password: "Password", base: "Topics (+ is the device)", connect: "Connect", close: "Close", forget: "Forget this device",
    noDevices: "No device has been seen yet. Is an agent running, and is it on this broker?", noPicture: "No picture since this page was opened.",
    shortcuts: "Keys: s start · x stop · c picture · ↑ ↓ device · ← → picture",
    connecting: "connecting to {url} …", connected: "connected to {url}",
    lost: "The connection to {url} is lost: {reason} It is tried again every few seconds; what you see may be old.",
    refused: "{url} does not let this page in: {reason} Check the user name and the password in the settings.",
    noWebsocket: "nothing answers there as an MQTT broker with websockets.", ended: "the broker ended it.",
    online: "online", offline: "offline", unknown: "not known", publishing: "publishing", stopped: "stopped",
    sensorProblem: "Sensor {name}: {error}", cameraProblem: "Camera: {error}", clockProblem: "The device's clock is not synchronised: its times may be wrong.",
    deniedProblem: "The broker's access list refuses: {topics}", journalProblem: "Journal: {error}", gpioProblem: "GPIO {name}: {error}",
    queued: "{count} readings of the past wait to be sent.",
    asked: "{command} …", ok: "{command}: done", failed: "{command}: {error}", noAnswer: "{command}: no answer within {seconds} s. Is the device online?",
    notSent: "{command}: not sent, there is no connection to the broker.",
    progress: "{taken} of {count}", seriesDone: "series: {taken} of {count} pictures taken", pictureOf: "Picture of {device}, {time}",
    caption: "{time} · {width}×{height} · {size} · quality {quality} · {trigger}", captionBare: "received {time} · {size}", broken: "received {time} · {size} · incomplete",
    reduced: "made smaller: {reason}", triggerCommand: "on command", triggerMotion: "motion", triggerGpio: "button {name}", on: "on", off: "off", toggle: "Switch",
    motion: "motion", noMotion: "no motion",
    invalidInterval: "“{value}” is no interval; write for example 500ms, 2s or 5m.",
    code_unknown_command: "the agent does not know this command", code_invalid_option: "a value is not allowed", code_invalid_payload: "the agent could not read the command",
    code_busy: "too many pictures wait already", code_rate_limited: "too many commands at once", code_camera_unavailable: "the camera is not available",
    code_capture_timeout: "the camera was too slow", code_too_large: "the picture is too large for the broker", code_cancelled: "cancelled",
    code_expired: "too late", code_clock_unsynchronised: "the device's clock is not right yet", code_retained_ignored: "retained commands are not carried out", code_internal: "an error",
  },
  ko: {
    title: "pi-edge 뷰어", settings: "설정", devices: "장치", temperature: "온도", pictures: "사진", gpio: "입력과 출력",
    answers: "응답", interval: "주기", start: "시작", stop: "정지", capture: "사진 찍기", size: "크기", asConfigured: "설정대로",
    quality: "품질", count: "연속 촬영 장수", every: "간격", series: "연속 촬영", cancel: "취소", broker: "브로커", user: "사용자 이름",
    password: "비밀번호", base: "토픽 (+ 자리가 장치)", connect: "연결", close: "닫기", forget: "이 장치 지우기",
    noDevices: "아직 보이는 장치가 없습니다. 에이전트가 실행 중이고 이 브로커에 연결되어 있나요?", noPicture: "이 페이지를 연 뒤로 받은 사진이 없습니다.",
    shortcuts: "단축키: s 시작 · x 정지 · c 사진 · ↑ ↓ 장치 · ← → 사진",
    connecting: "{url}에 연결하는 중 …", connected: "{url}에 연결됨",
    lost: "{url}와의 연결이 끊겼습니다: {reason} 몇 초마다 다시 시도합니다. 지금 보이는 내용은 오래된 것일 수 있습니다.",
    refused: "{url}이(가) 접속을 거부했습니다: {reason} 설정에서 사용자 이름과 비밀번호를 확인하세요.",
    noWebsocket: "그 주소에서 웹소켓 MQTT 브로커가 응답하지 않습니다.", ended: "브로커가 연결을 끊었습니다.",
    online: "온라인", offline: "오프라인", unknown: "알 수 없음", publishing: "보내는 중", stopped: "멈춤",
    sensorProblem: "센서 {name}: {error}", cameraProblem: "카메라: {error}", clockProblem: "장치의 시계가 동기화되지 않았습니다. 시각이 틀릴 수 있습니다.",
    deniedProblem: "브로커의 접근 목록이 거부함: {topics}", journalProblem: "저널: {error}", gpioProblem: "GPIO {name}: {error}",
    queued: "지난 측정값 {count}개가 전송을 기다립니다.",
    asked: "{command} …", ok: "{command}: 완료", failed: "{command}: {error}", noAnswer: "{command}: {seconds}초 안에 응답이 없습니다. 장치가 온라인인가요?",
    notSent: "{command}: 브로커와 연결되어 있지 않아 보내지 못했습니다.",
    progress: "{count}장 중 {taken}장", seriesDone: "연속 촬영: {count}장 중 {taken}장 촬영", pictureOf: "{device}의 사진, {time}",
    caption: "{time} · {width}×{height} · {size} · 품질 {quality} · {trigger}", captionBare: "받은 시각 {time} · {size}", broken: "받은 시각 {time} · {size} · 불완전함",
    reduced: "작게 줄임: {reason}", triggerCommand: "명령", triggerMotion: "움직임", triggerGpio: "버튼 {name}", on: "켜짐", off: "꺼짐", toggle: "전환",
    motion: "움직임 있음", noMotion: "움직임 없음",
    invalidInterval: "“{value}”은(는) 주기가 아닙니다. 예: 500ms, 2s, 5m.",
    code_unknown_command: "에이전트가 모르는 명령입니다", code_invalid_option: "허용되지 않는 값입니다", code_invalid_payload: "에이전트가 명령을 읽지 못했습니다",
    code_busy: "이미 너무 많은 사진이 기다립니다", code_rate_limited: "한꺼번에 너무 많은 명령이 왔습니다", code_camera_unavailable: "카메라를 쓸 수 없습니다",
    code_capture_timeout: "카메라가 너무 느렸습니다", code_too_large: "사진이 브로커 한도보다 큽니다", code_cancelled: "취소됨",
    code_expired: "너무 늦었습니다", code_clock_unsynchronised: "장치의 시계가 아직 맞지 않습니다", code_retained_ignored: "보존된 명령은 실행하지 않습니다", code_internal: "오류",
  },
};

let language = "en";

export function setLanguage(wanted) {
  language = wanted in texts ? wanted : "en";
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
}

/** The language that this browser's user reads, or chose here before. */
export function preferredLanguage(stored) {
  return stored ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");
}

export function t(key, values = {}) {
  return (texts[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A reply's code in the reader's language; the agent's own sentence says what to do. */
export function errorText(reply) {
  const code = texts[language][`code_${reply.code}`];
  return code ? `${code} – ${reply.error}` : reply.error ?? JSON.stringify(reply);
}

export function timeText(date) {
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString(language, today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "medium" });
}

/** Seconds since 1970 as the time of day. */
export function clockText(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(language);
}

export function bytesText(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
