"""What an operator watches with: files for Prometheus, Alertmanager and Grafana."""
