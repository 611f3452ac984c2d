# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Every word that the relay itself adds, in Japanese and in English."""

from __future__ import annotations

LANGUAGES = ("ja", "en")

TEXTS: dict[str, tuple[str, str]] = {
    # the states, before a title
    "alarm": ("異常", "Alarm"),
    "ok": ("正常", "OK"),
    "warning": ("注意", "Warning"),
    "info": ("お知らせ", "Notice"),
    "unknown": ("データ不足", "No data"),
    # the names of fields
    "what": ("対象の指標", "Metric"),
    "where": ("場所", "Where"),
    "since": ("発生時刻", "Since"),
    "value": ("値としきい値", "Value against threshold"),
    "reason": ("理由", "Reason"),
    "links": ("リンク", "Links"),
    "expression": ("計算式", "Expression"),
    "rule": ("ルール", "Rule"),
    "children": ("異常なアラーム", "Alarms"),
    "deployment": ("デプロイ", "Deployment"),
    "task": ("タスク", "Task"),
    "task_definition": ("タスク定義", "Task definition"),
    "containers": ("コンテナー", "Containers"),
    "stop_code": ("停止の種類", "Kind of stop"),
    "event": ("イベント", "Event"),
    "category": ("分類", "Category"),
    "secret": ("シークレット", "Secret"),
    "budget": ("予算", "Budget"),
    "spent": ("金額", "Amount"),
    "threshold": ("しきい値", "Threshold"),
    "changes": ("変更", "Changes"),
    "failures": ("失敗", "Failures"),
    "playbook": ("プレイブック", "Playbook"),
    "certificate": ("証明書", "Certificate"),
    "days": ("残り日数", "Days left"),
    "service": ("サービス", "Service"),
    "affected": ("影響を受けるもの", "Affected"),
    "severity": ("深刻度", "Severity"),
    "seen": ("検出回数", "Seen"),
    "ends": ("終了予定", "Ends"),
    "source": ("送信元", "Source"),
    "resources": ("リソース", "Resources"),
    "detail": ("内容", "Content"),
    # links
    "console": ("コンソール", "Console"),
    "runbook": ("手順書", "Runbook"),
    "logs": ("ログを検索", "Search the logs"),
    "report": ("レポート", "Report"),
    # values
    "no_data": ("データがありません", "no data"),
    "unit_minutes": ("分", "min"),
    "unit_seconds": ("秒", "s"),
    "periods": ("{period} × {times} 回", "{times} × {period}"),
    "band": ("予測の範囲の外", "outside the expected band"),
    "more": ("ほか {count} 件", "and {count} more"),
    "exit": ("終了コード {code}", "exit code {code}"),
    "seen_value": ("{count} 回", "{count} times"),
    "days_value": ("{days} 日", "{days} days"),
    # titles
    "deployment_failed": ("デプロイに失敗しました: {name}", "The deployment failed: {name}"),
    "deployment_completed": ("デプロイが完了しました: {name}", "The deployment is complete: {name}"),
    "deployment_progress": ("デプロイ中です: {name}", "The deployment goes on: {name}"),
    "service_event": ("ECS サービスの知らせ: {name}", "A word from the ECS service: {name}"),
    "task_failed": ("タスクが異常終了しました: {name}", "A task stopped by itself: {name}"),
    "task_stopped": ("タスクが停止しました: {name}", "A task was stopped: {name}"),
    "database_event": ("データベースの知らせ: {name}", "A word from the database: {name}"),
    "rotation_started": ("シークレットのローテーションを始めました: {name}", "The rotation began: {name}"),
    "rotation_done": ("シークレットのローテーションが完了しました: {name}", "The rotation is complete: {name}"),
    "rotation_failed": ("シークレットのローテーションに失敗しました: {name}", "The rotation failed: {name}"),
    "budget_actual": ("予算のしきい値を超えました: {name}", "The budget's threshold is exceeded: {name}"),
    "budget_forecast": ("予算を超える見込みです: {name}", "The budget is forecast to be exceeded: {name}"),
    "drift": ("設定との差分が見つかりました: {name}", "Drift was found: {name}"),
    "no_drift": ("設定との差分はありません: {name}", "No drift: {name}"),
    "run_failed": ("実行に失敗しました: {name}", "The run failed: {name}"),
    "run_changed": ("実行が完了しました: {name}", "The run is complete: {name}"),
    "run_nothing": ("変更はありませんでした: {name}", "Nothing had to change: {name}"),
    "test": ("通知のテスト: {name}", "A test of the notifications: {name}"),
    "certificate_expiring": ("証明書の期限が近づいています: {name}", "The certificate expires soon: {name}"),
    "certificate_expired": ("証明書の期限が切れました: {name}", "The certificate has expired: {name}"),
    "certificate_action": ("証明書の更新に対応が必要です: {name}", "The certificate's renewal needs you: {name}"),
    "health": ("AWS からの知らせ: {name}", "A word from AWS: {name}"),
    "finding": ("GuardDuty が脅威を検出しました: {name}", "GuardDuty has found a threat: {name}"),
    "other": ("通知: {name}", "Notification: {name}"),
    # explanations
    "rotation_failed_text": (
        "いまの値はそのまま使えます。原因をログで確かめ、playbooks/rotate.yml でやり直してください。",
        "The current value goes on working. Look for the cause in the log, and try again with playbooks/rotate.yml.",
    ),
    "test_text": (
        "この通知が見えていれば、SNS、SQS、Lambda、Discord の経路は正常です。",
        "Whoever reads this knows that the way by SNS, SQS, Lambda and Discord works.",
    ),
    "drift_text": (
        "誰かが Ansible の外で変更したか、設定がまだ適用されていません。site.yml --check で確かめてください。",
        "Somebody changed it without Ansible, or the inventory is not applied yet. Look with site.yml --check.",
    ),
}


def text(key: str, language: str, **values: object) -> str:
    return TEXTS[key][LANGUAGES.index(language)].format(**values)
