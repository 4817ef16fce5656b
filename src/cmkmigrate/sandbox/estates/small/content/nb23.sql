-- Databricks notebook source
SELECT route, season, price FROM silver.prices WHERE season = 'summer'
