// SPDX-License-Identifier: MIT
// What a person reads, in both languages. {name} is replaced.
const texts = {
  en: {
    title: "pi-edge viewer", settings: "Settings", devices: "Devices", search: "Search by name or id", noMatch: "No device matches.",
    readings: "Readings", pictures: "Pictures", gpio: "Inputs and outputs", answers: "Log", noLog: "Replies to commands appear here.",
    interval: "Interval", start: "Start", stop: "Stop", capture: "Take a picture", size: "Size", asConfigured: "as configured",
    quality: "Quality", count: "Pictures", every: "One every", series: "Take a series", cancel: "Cancel", cancelSeries: "Cancel series", broker: "Broker", user: "User name",
    password: "Password", base: "Topics (+ stands for the device)", connect: "Connect", close: "Close", licences: "Licences",
    forget: "Forget this device", forgetTitle: "Forget {name}?", forgetYes: "Forget",
    forgetWarning: "This deletes its retained messages at the broker, for everybody. The device appears again when it is back online.",
    forgetDenied: "The broker's access control (ACL) denies deleting its messages.",
    noDevices: "No device has been seen yet. Is an agent running, and is it on this broker?", noReadings: "No readings yet.",
    noPicture: "No picture since this page was opened.", noCamera: "This device has no camera.",
    connecting: "Connecting to {url} …", connected: "Connected to {url}",
    lost: "No connection to {url}: {reason} Retrying every few seconds; what you see may be old.",
    refused: "{url} refuses the connection: {reason}",
    noWebsocket: "nothing answers there as an MQTT broker with websockets.", ended: "the connection ended.",
    badLogin: "wrong user name or password. Check them in the settings.", notAuthorised: "not authorised. Check user name and password in the settings.",
    addressPlain: "A browser cannot speak plain MQTT. Enter the broker's websocket address, for example ws://raspberrypi:9001.",
    addressScheme: "The address begins with ws:// or wss://, for example ws://raspberrypi:9001.",
    addressUser: "User name and password belong into their own fields.", addressBad: "This is not a valid address. Example: ws://raspberrypi:9001.",
    addressMixed: "This page came by https; the browser then allows only encrypted connections: wss://.",
    baseBad: "One level of the topic must be +, in the place of the device, for example edge/+.",
    online: "online", offline: "offline", unknown: "unknown", error: "error", warning: "warning", lastSeen: "last seen {time}",
    publishing: "publishing", stopped: "stopped", levelError: "Error", levelWarning: "Warning", levelNote: "Note",
    sensorProblem: "Sensor {name} cannot be read.", cameraProblem: "The camera is not available.", gpioProblem: "GPIO line {name} does not work.",
    journalProblem: "The journal does not work.", clockProblem: "The device's clock is not synchronised. Times may be wrong.",
    deniedProblem: "The broker's access control (ACL) denies: {topics}", queued: "Readings taken during an outage are being sent; {count} to go.",
    undervoltage: "Undervoltage: the power supply or its cable is too weak. The device may restart or lose data.",
    undervoltageBefore: "There was undervoltage since the device started. The power supply or its cable may be too weak.",
    throttled: "The processor is slowed down, because it is too hot or its supply is too weak.",
    throttledBefore: "The processor was slowed down since the device started: it was too hot, or its supply too weak.",
    board: "Board", boardProcessor: "Processor", boardLoad: "Load (1 min)",
    boardMemory: "Memory available", boardDisk: "Disk free",
    boardWifi: "Wi-Fi signal ({name})", boardAddresses: "Addresses",
    quantity_temperature: "Temperature", quantity_humidity: "Humidity", quantity_pressure: "Pressure", quantity_illuminance: "Illuminance",
    quantity_voltage: "Voltage", quantity_current: "Current", quantity_power: "Power", quantity_distance: "Distance", quantity_co2: "CO₂",
    quantity_resistance: "Resistance", quantity_fan: "Fan speed", quantity_number: "Number",
    asked: "{command} …", ok: "{command}: done", failed: "{command}: {error}", noAnswer: "{command}: no answer within {seconds} s. Is the device online?",
    notSent: "{command}: not sent, there is no connection to the broker.", denied: "{command}: denied by the broker's access control (ACL).",
    progress: "{taken} of {count} pictures", seriesDone: "Series: {taken} of {count} pictures taken",
    pictureOf: "Picture of {device}, {time}", enlarge: "Enlarge: {picture}", enlarged: "Picture", download: "Download", older: "← Older", newer: "Newer →",
    caption: "{time} · {width}×{height} · {size} · quality {quality} · {trigger}", captionBare: "received {time} · {size}", broken: "received {time} · {size} · incomplete",
    reduced: "reduced to fit the size limit", triggerCommand: "on command", triggerMotion: "motion", triggerGpio: "button {name}", triggerSchedule: "schedule {name}", on: "on", off: "off",
    toggle: "Toggle {name}", motion: "motion", noMotion: "no motion",
    schedules: "Schedules", scheduleNext: "next:", scheduleNone: "no next turn", scheduleOff: "off",
    options: "Settings on the device", motionDetection: "Motion detection", keep: "Set as default", reset: "Reset", resetOf: "Reset {name}",
    configured: "configuration file: {value}", intervalMissing: "Enter the interval that the device is to keep, for example 10s.",
    archive: "Archive", archiveOf: "Archive of {device}", day: "Day", dayBefore: "← Earlier", dayAfter: "Later →", archiveMore: "Show more",
    archiveCount: "{count} pictures", archiveCountMore: "the last {count} pictures", archiveLoading: "loading …",
    archiveOff: "This device keeps no pictures. max_size in the section [archive] of its agent.toml turns the archive on.",
    archiveEmpty: "The archive is empty.", archiveNoneOfDay: "No picture of this day.", archiveFirst: "There are no older pictures.",
    archiveAway: "No connection to the device. The archive continues when it is back.",
    archiveUnknown: "This device's pi-edge-agent is too old for an archive. Update it.",
    archiveProblem: "Pictures are not archived.",
    exportTitle: "Readings as CSV", exportFrom: "From (empty: from the first)", exportTo: "To (empty: now)",
    exportDone: "{count} readings, {stored} of them from the device's journal.", exportNone: "No readings in this time.",
    exportNotKept: "The device does not keep all readings, so the file has only what this page received. journal.readings = \"all\" in agent.toml keeps them.",
    exportTooOld: "The device's pi-edge-agent is too old to list its readings, so the file has only what this page received.",
    exportPageOnly: "The device did not list all of its readings.", exportCut: "There are older ones; choose a shorter time.",
    live: "Live", liveView: "Live view", liveEnd: "End live view", liveOf: "Live view of {device}", liveRate: "{rate} frames/s", liveDelay: "delay about {delay}",
    liveWaiting: "Waiting for the first frame …", liveStalled: "No frame for {seconds} s. The connection may be too slow.",
    liveNothing: "No frames arrive. Does the broker's access control (ACL) let you read {topic}?",
    liveOffline: "The device is offline. The live view continues when it is back.",
    liveUnknown: "This device's pi-edge-agent is too old for the live view. Update it.",
    liveDenied: "The broker's access control (ACL) denies reading {topic}.",
    liveEnded: "The device ended the live view before a frame came. See the messages above and its log.",
    charts: "Charts of the readings; drag to zoom", range: "Time range", range5m: "5 min", range1h: "1 h", rangeAll: "All", unzoom: "Reset zoom",
    csv: "Download CSV", time: "Time",
    invalidInterval: "“{value}” is not a valid interval. Examples: 500ms, 2s, 5m.", intervalRange: "The interval is {least} to {most}.",
    numberRange: "Enter a whole number from {least} to {most}.",
    command_start: "Start", command_stop: "Stop", command_capture: "Picture", command_cancel: "Cancel", command_status: "Status",
    command_set: "Set", command_live: "Live view", command_pictures: "List of pictures", command_fetch: "Archived picture", command_readings: "Stored readings", command_toggle: "Toggle {label}", command_switch: "Switch {label}", command_series: "Series", command_unknown: "Command",
    code_unknown_command: "unknown command", code_invalid_option: "invalid option", code_invalid_payload: "invalid command",
    code_busy: "too many pictures are waiting", code_rate_limited: "too many commands at once", code_camera_unavailable: "the camera is not available",
    code_capture_timeout: "the camera took too long", code_too_large: "the picture is too large for the broker", code_cancelled: "cancelled",
    code_expired: "the command came too late", code_clock_unsynchronised: "the device's clock is not synchronised yet",
    code_retained_ignored: "retained commands are not carried out", code_internal: "internal error",
  },
  ko: {
    title: "pi-edge 뷰어", settings: "설정", devices: "장치", search: "이름이나 ID로 검색", noMatch: "일치하는 장치가 없습니다.",
    readings: "측정값", pictures: "사진", gpio: "입력과 출력", answers: "기록", noLog: "명령에 대한 응답이 여기에 표시됩니다.",
    interval: "주기", start: "시작", stop: "중지", capture: "사진 찍기", size: "크기", asConfigured: "설정대로",
    quality: "품질", count: "장수", every: "간격", series: "연속 촬영", cancel: "취소", cancelSeries: "연속 촬영 취소", broker: "브로커", user: "사용자 이름",
    password: "비밀번호", base: "토픽 (+는 장치 자리)", connect: "연결", close: "닫기", licences: "라이선스",
    forget: "이 장치 삭제", forgetTitle: "{name} 장치를 삭제할까요?", forgetYes: "삭제",
    forgetWarning: "브로커에 보존된(retained) 이 장치의 메시지를 모든 사용자에게서 삭제합니다. 장치가 다시 온라인이 되면 다시 나타납니다.",
    forgetDenied: "브로커의 접근 제어(ACL)에서 메시지 삭제가 거부됨",
    noDevices: "아직 보이는 장치가 없습니다. 에이전트가 실행 중이고 이 브로커에 연결되어 있나요?", noReadings: "아직 측정값이 없습니다.",
    noPicture: "이 페이지를 연 뒤로 받은 사진이 없습니다.", noCamera: "이 장치에는 카메라가 없습니다.",
    connecting: "{url}에 연결하는 중 …", connected: "{url}에 연결됨",
    lost: "{url}에 연결되어 있지 않습니다. {reason} 몇 초마다 다시 시도합니다. 지금 보이는 내용은 오래된 것일 수 있습니다.",
    refused: "{url}에서 연결을 거부했습니다. {reason}",
    noWebsocket: "그 주소에서 웹소켓 MQTT 브로커가 응답하지 않습니다.", ended: "연결이 끊어졌습니다.",
    badLogin: "사용자 이름이나 비밀번호가 틀렸습니다. 설정에서 확인하세요.", notAuthorised: "권한이 없습니다. 설정에서 사용자 이름과 비밀번호를 확인하세요.",
    addressPlain: "브라우저는 일반 MQTT로 연결할 수 없습니다. 브로커의 웹소켓 주소를 입력하세요. 예: ws://raspberrypi:9001",
    addressScheme: "주소는 ws:// 또는 wss://로 시작해야 합니다. 예: ws://raspberrypi:9001",
    addressUser: "사용자 이름과 비밀번호는 아래의 입력란에 입력하세요.", addressBad: "올바른 주소가 아닙니다. 예: ws://raspberrypi:9001",
    addressMixed: "https로 연 페이지에서는 암호화된 연결(wss://)만 쓸 수 있습니다.",
    baseBad: "토픽에서 장치가 들어갈 한 단계는 +여야 합니다. 예: edge/+",
    online: "온라인", offline: "오프라인", unknown: "알 수 없음", error: "오류", warning: "경고", lastSeen: "마지막 연결 {time}",
    publishing: "전송 중", stopped: "중지됨", levelError: "오류", levelWarning: "경고", levelNote: "알림",
    sensorProblem: "센서 {name}: 값을 읽을 수 없습니다.", cameraProblem: "카메라를 사용할 수 없습니다.", gpioProblem: "GPIO {name}: 작동하지 않습니다.",
    journalProblem: "저널을 사용할 수 없습니다.", clockProblem: "장치의 시계가 동기화되지 않았습니다. 시각이 틀릴 수 있습니다.",
    deniedProblem: "브로커의 접근 제어(ACL)에서 거부됨: {topics}", queued: "연결이 끊긴 동안의 측정값을 전송하는 중입니다. {count}개 남았습니다.",
    undervoltage: "저전압: 전원 어댑터나 케이블의 용량이 부족합니다. 장치가 재시작되거나 데이터가 손실될 수 있습니다.",
    undervoltageBefore: "장치가 켜진 뒤로 저전압이 발생한 적이 있습니다. 전원 어댑터나 케이블을 확인하세요.",
    throttled: "온도가 높거나 전원이 부족해서 프로세서 속도를 낮춘 상태입니다.",
    throttledBefore: "장치가 켜진 뒤로 프로세서 속도를 낮춘 적이 있습니다. 온도와 전원을 확인하세요.",
    board: "보드", boardProcessor: "프로세서 온도", boardLoad: "부하(1분)",
    boardMemory: "사용 가능한 메모리", boardDisk: "디스크 여유 공간",
    boardWifi: "Wi-Fi 신호({name})", boardAddresses: "주소",
    quantity_temperature: "온도", quantity_humidity: "습도", quantity_pressure: "기압", quantity_illuminance: "조도",
    quantity_voltage: "전압", quantity_current: "전류", quantity_power: "전력", quantity_distance: "거리", quantity_co2: "이산화탄소",
    quantity_resistance: "저항", quantity_fan: "팬 속도", quantity_number: "값",
    asked: "{command} …", ok: "{command}: 완료", failed: "{command}: {error}", noAnswer: "{command}: {seconds}초 안에 응답이 없습니다. 장치가 온라인인가요?",
    notSent: "{command}: 브로커와 연결되어 있지 않아 보내지 못했습니다.", denied: "{command}: 브로커의 접근 제어(ACL)에서 거부됨",
    progress: "{count}장 중 {taken}장", seriesDone: "연속 촬영: {count}장 중 {taken}장 촬영함",
    pictureOf: "{device}의 사진, {time}", enlarge: "크게 보기: {picture}", enlarged: "사진", download: "내려받기", older: "← 이전", newer: "다음 →",
    caption: "{time} · {width}×{height} · {size} · 품질 {quality} · {trigger}", captionBare: "수신 {time} · {size}", broken: "수신 {time} · {size} · 손상됨",
    reduced: "크기 제한에 맞게 줄임", triggerCommand: "명령", triggerMotion: "움직임", triggerGpio: "버튼 {name}", triggerSchedule: "예약 {name}", on: "켜짐", off: "꺼짐",
    toggle: "{name} 전환", motion: "움직임 있음", noMotion: "움직임 없음",
    schedules: "예약", scheduleNext: "다음:", scheduleNone: "다음 실행 없음", scheduleOff: "꺼짐",
    options: "장치 설정", motionDetection: "움직임 감지", keep: "기본값으로 저장", reset: "초기화", resetOf: "{name} 초기화",
    configured: "설정 파일: {value}", intervalMissing: "장치에 저장할 주기를 입력하세요. 예: 10s",
    archive: "보관함", archiveOf: "{device} 보관함", day: "날짜", dayBefore: "← 이전 날짜", dayAfter: "다음 날짜 →", archiveMore: "더 보기",
    archiveCount: "사진 {count}장", archiveCountMore: "최근 사진 {count}장", archiveLoading: "불러오는 중 …",
    archiveOff: "이 장치는 사진을 보관하지 않습니다. agent.toml의 [archive] 섹션에서 max_size를 설정하면 보관합니다.",
    archiveEmpty: "보관함이 비어 있습니다.", archiveNoneOfDay: "이 날짜의 사진이 없습니다.", archiveFirst: "더 오래된 사진이 없습니다.",
    archiveAway: "장치와 연결되어 있지 않습니다. 다시 연결되면 보관함이 이어집니다.",
    archiveUnknown: "이 장치의 pi-edge-agent는 보관함을 지원하지 않는 이전 버전입니다. 업데이트하세요.",
    archiveProblem: "사진이 보관되지 않습니다.",
    exportTitle: "측정값 CSV", exportFrom: "시작 (비우면 처음부터)", exportTo: "끝 (비우면 지금까지)",
    exportDone: "측정값 {count}개, 그중 {stored}개는 장치의 저널에서 가져왔습니다.", exportNone: "이 기간의 측정값이 없습니다.",
    exportNotKept: "장치가 모든 측정값을 저장하지 않으므로 이 페이지가 받은 값만 파일에 있습니다. agent.toml에서 journal.readings = \"all\"로 설정하면 저장합니다.",
    exportTooOld: "장치의 pi-edge-agent가 저장된 측정값을 보낼 수 없는 이전 버전이므로 이 페이지가 받은 값만 파일에 있습니다.",
    exportPageOnly: "장치에서 측정값을 모두 받지 못했습니다.", exportCut: "더 오래된 값이 있습니다. 기간을 줄여 보세요.",
    live: "실시간", liveView: "실시간 보기", liveEnd: "실시간 보기 끝내기", liveOf: "{device} 실시간 화면", liveRate: "초당 {rate}프레임", liveDelay: "지연 약 {delay}",
    liveWaiting: "첫 프레임을 기다리는 중 …", liveStalled: "{seconds}초 동안 프레임이 없습니다. 연결이 너무 느릴 수 있습니다.",
    liveNothing: "프레임이 오지 않습니다. 브로커의 접근 제어(ACL)에서 {topic} 읽기가 허용되어 있나요?",
    liveOffline: "장치가 오프라인입니다. 다시 온라인이 되면 실시간 보기가 계속됩니다.",
    liveUnknown: "이 장치의 pi-edge-agent는 실시간 보기를 지원하지 않는 이전 버전입니다. 업데이트하세요.",
    liveDenied: "브로커의 접근 제어(ACL)에서 {topic} 읽기가 거부됨",
    liveEnded: "장치가 첫 프레임을 보내기 전에 실시간 보기를 끝냈습니다. 위의 안내와 장치의 로그를 확인하세요.",
    charts: "측정값 그래프. 드래그하면 확대됩니다", range: "표시 기간", range5m: "5분", range1h: "1시간", rangeAll: "전체", unzoom: "확대 해제",
    csv: "CSV 내려받기", time: "시각",
    invalidInterval: "“{value}”은(는) 올바른 시간 간격이 아닙니다. 예: 500ms, 2s, 5m", intervalRange: "{least}부터 {most}까지 입력할 수 있습니다.",
    numberRange: "{least}부터 {most}까지의 정수를 입력하세요.",
    command_start: "시작", command_stop: "중지", command_capture: "사진", command_cancel: "취소", command_status: "상태",
    command_set: "설정", command_live: "실시간 보기", command_pictures: "사진 목록", command_fetch: "보관된 사진", command_readings: "저장된 측정값", command_toggle: "{label} 전환", command_switch: "{label} 전환", command_series: "연속 촬영", command_unknown: "명령",
    code_unknown_command: "알 수 없는 명령입니다", code_invalid_option: "옵션이 올바르지 않습니다", code_invalid_payload: "명령 형식이 올바르지 않습니다",
    code_busy: "대기 중인 사진이 너무 많습니다", code_rate_limited: "명령이 한꺼번에 너무 많이 왔습니다", code_camera_unavailable: "카메라를 사용할 수 없습니다",
    code_capture_timeout: "카메라가 제한 시간 안에 응답하지 않았습니다", code_too_large: "사진이 브로커의 크기 제한을 넘습니다", code_cancelled: "취소됨",
    code_expired: "명령의 유효 시간이 지났습니다", code_clock_unsynchronised: "장치의 시계가 아직 동기화되지 않았습니다",
    code_retained_ignored: "보존된(retained) 명령은 실행하지 않습니다", code_internal: "내부 오류",
  },
};

let language = "en";

export function setLanguage(wanted) {
  language = wanted in texts ? wanted : "en";
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = t(element.dataset.label);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.ariaLabel = element.placeholder = t(element.dataset.placeholder);
}

/** The language that this browser's user reads, or chose here before. */
export function preferredLanguage(stored) {
  return stored ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");
}

export function t(key, values = {}) {
  return (texts[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The name of a command; a command that this page does not know keeps its own. */
export function commandText(name, values) {
  return name === null || name === undefined ? t("command_unknown") : `command_${name}` in texts.en ? t(`command_${name}`, values) : name;
}

/** A reply's code in the reader's language; a code of a newer agent stays as it is. */
export function codeText(code) {
  return `code_${code}` in texts.en ? t(`code_${code}`) : String(code);
}

/** In natural order: 2 before 10. */
export function compareText(a, b) {
  return a.localeCompare(b, language, { numeric: true });
}

// Swedish writes times as ISO 8601 does, which every reader understands: 2026-11-27 18:05:09.
const kNeutral = "sv";

export function timeText(date) {
  const today = new Date().toDateString() === date.toDateString();
  return today ? date.toLocaleTimeString(kNeutral) : date.toLocaleString(kNeutral);
}

/** The name of a quantity; one that this page does not know keeps its own. */
export function quantityText(quantity) {
  return `quantity_${quantity}` in texts.en ? t(`quantity_${quantity}`) : quantity;
}

/** What a picture was taken for. */
export function triggerText(trigger) {
  const [kind, name] = String(trigger).split(/:(.*)/s);
  const key = { __proto__: null, command: "triggerCommand", motion: "triggerMotion", gpio: "triggerGpio", schedule: "triggerSchedule" }[kind];
  return key ? t(key, { name }) : String(trigger);
}

export function valueText(value, unit, decimals) {
  return `${value.toFixed(decimals)} ${unit}`.trim();
}

export function bytesText(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
