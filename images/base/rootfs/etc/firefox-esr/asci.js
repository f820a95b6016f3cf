// The container is the wall here. Firefox's own inner wall of user namespaces is not to be had in a container without
// privileges (its filter of system calls is), and the bar that says so would greet everyone at each start.
pref("security.sandbox.warn_unprivileged_namespaces", false);
pref("browser.aboutConfig.showWarning", false);
pref("browser.aboutwelcome.enabled", false);
pref("browser.tabs.firefox-view", false);
pref("browser.shell.checkDefaultBrowser", false);
pref("datareporting.policy.dataSubmissionEnabled", false);
pref("datareporting.healthreport.uploadEnabled", false);
pref("toolkit.telemetry.reportingpolicy.firstRun", false);
pref("media.hardware-video-decoding.enabled", false);
// Smooth scrolling sends ten half pictures where one is wanted.
pref("general.smoothScroll", false);
pref("ui.prefersReducedMotion", 1);
